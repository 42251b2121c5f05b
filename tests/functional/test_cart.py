"""The cart, the checkout and the receipt of the bookstore."""

from __future__ import annotations

import re
import uuid
from decimal import Decimal
from urllib.parse import urlencode

import pytest
from django.db.models.signals import post_save

pytest.importorskip("debug_toolbar", reason="the bookstore shows its signals in the toolbar")

import signalscope
from demo_bookstore.bookstore import services
from demo_bookstore.bookstore.cart import MAX_COPIES, MAX_LINES
from demo_bookstore.bookstore.models import Book, Order, Purchase
from demo_bookstore.scenarios.catalogue import SCENARIOS
from demo_bookstore.scenarios.outline import outline


@pytest.fixture
def other(book):
    """A second book, a cheap one."""
    return Book.objects.create(title="Ebb", price=Decimal("2.50"), stock_quantity=4)


def add(client, book, quantity=1, **more):
    reference = uuid.uuid4()
    return client.post(
        f"/books/{book.slug}/cart/", {"quantity": quantity, "reference": reference}, **more
    )


def hidden(client):
    """What the checkout's form brings along by itself."""
    page = client.get("/checkout/").content.decode()
    return {
        name: re.search(rf'name="{name}" value="([^"]+)"', page)[1]
        for name in ("reference", "seen")
    }


def contents(client):
    return client.session.get("cart", {})


def errors(response):
    """The messages of the form that a page was answered with."""
    page = response.content.decode()
    lists = re.findall(r'<ul class="errorlist[^>]*>(.*?)</ul>', page, re.DOTALL)
    return [each for found in lists for each in re.findall(r"<li>(.*?)</li>", found)]


class TestCart:
    def test_is_empty_at_first(self, client, book):
        """And the checkout leads back to it."""
        assert "nothing in it yet" in client.get("/cart/").content.decode()
        assert client.get("/checkout/").headers["Location"] == "/cart/"

    def test_adds_up(self, client, book, other):
        """The same book twice is one line, and the header says how many copies there are."""
        add(client, book, 2)
        add(client, other)
        response = add(client, book, 1, follow=True)
        page = response.content.decode()
        assert contents(client) == {str(book.pk): 3, str(other.pk): 1}
        assert [str(line.total) for line in response.context["contents"].lines] == ["30.00", "2.50"]
        assert '<span class="price" id="total">32.50 €</span>' in page
        assert '<span class="badge">4<' in page

    def test_changes_a_number(self, client, book):
        """And nothing else."""
        add(client, book)
        client.post(f"/cart/{book.slug}/", {"quantity": 5})
        assert contents(client) == {str(book.pk): 5}

    @pytest.mark.parametrize("sent", [{"remove": "1", "quantity": "7"}, {"quantity": "0"}])
    def test_takes_a_book_out(self, client, book, other, sent):
        """By its button or by none."""
        add(client, book)
        add(client, other)
        client.post(f"/cart/{book.slug}/", sent)
        assert contents(client) == {str(other.pk): 1}

    def test_changing_puts_nothing_in(self, client, book):
        """A page that is left open shows what another one has taken out since."""
        client.post(f"/cart/{book.slug}/", {"quantity": 5})
        assert contents(client) == {}

    @pytest.mark.parametrize(
        "quantity", ["-1", "21", "9" * 5000, "1e3", "", "two", "1\0", "\udcff", "٣٣", "NaN"]
    )
    def test_what_is_no_number_of_copies_gets_a_form_error(self, client, book, quantity):
        """Where it is added as where it is changed, and the cart stays as it is."""
        add(client, book, 2)
        for address in (f"/books/{book.slug}/cart/", f"/cart/{book.slug}/"):
            sent = {
                "quantity": quantity.encode(errors="surrogateescape"),
                "reference": uuid.uuid4(),
            }
            form = "application/x-www-form-urlencoded"
            response = client.post(address, urlencode(sent), content_type=form)
            assert response.status_code == 200
            assert errors(response)
        assert contents(client) == {str(book.pk): 2}

    def test_takes_no_more_than_there_are(self, client, book):
        """With those that are in it already."""
        add(client, book, 6)
        assert errors(add(client, book, 4)) == ["Only 9 left; 6 in your cart."]
        assert contents(client) == {str(book.pk): 6}

    def test_takes_so_many_copies_and_no_more(self, client, book):
        """However many there are."""
        Book.objects.update(stock_quantity=1000)
        add(client, book, MAX_COPIES)
        assert errors(add(client, book)) == [
            f"At most {MAX_COPIES} copies; {MAX_COPIES} are in your cart already."
        ]

    def test_takes_so_many_books_and_no_more(self, client, book):
        """So that no session grows without end."""
        more = [Book.objects.create(title=f"No. {n}", price=1, stock_quantity=1) for n in range(30)]
        for each in more[:MAX_LINES]:
            add(client, each)
        assert errors(add(client, book)) == ["Your cart is full: it takes 30 different books."]
        assert len(contents(client)) == MAX_LINES

    def test_a_book_that_left_the_shop_has_left_the_cart(self, client, book, other):
        """Nothing breaks, and the rest can be bought."""
        add(client, book)
        add(client, other)
        book.delete()
        response = client.get("/cart/")
        assert [line.book for line in response.context["contents"].lines] == [other]
        assert client.get("/checkout/").status_code == 200


class TestCheckout:
    def test_sells_everything_at_once(self, client, book, other):
        """With points, stock and log by the receivers of a single sale, once for each book."""
        add(client, book, 2)
        add(client, other, 3)
        sent = {"delivery": "post", "address": "3 Pier Road", **hidden(client)}
        with signalscope.record(senders=["bookstore.*"]) as recording:
            response = client.post("/checkout/", sent)
        assert "Thank you" in response.content.decode()
        (order,) = Order.objects.all()
        assert (order.user.username, order.address) == ("robin", "3 Pier Road")
        sold = order.purchases.order_by("pk").values_list("book", "quantity", "total")
        assert list(sold) == [(book.pk, 2, Decimal(20)), (other.pk, 3, Decimal("7.50"))]
        assert list(Book.objects.order_by("pk").values_list("stock_quantity", flat=True)) == [7, 1]
        assert order.user.profile.loyalty_points == 50
        recording.assert_called("signals.update_inventory", times=2)
        recording.assert_called("signals.handle_book_purchase", times=2)
        assert contents(client) == {}

    def test_a_sale_leaves_the_trace_of_the_scenario(self, client, book):
        """The checkout sells by the function that the scenario shows."""
        add(client, book, 6)
        sent = {"delivery": "collect", **hidden(client)}
        with signalscope.record(senders=["bookstore.*"]) as recording:
            client.post("/checkout/", sent)
        (scenario,) = (each for each in SCENARIOS if each.slug == "purchase")
        assert outline(recording) == scenario.trace

    def test_the_receipt_can_be_read_again(self, client, book):
        """At its own address, by whom it is for."""
        add(client, book)
        client.post("/checkout/", {"delivery": "collect", **hidden(client)})
        order = Order.objects.get()
        page = client.get(f"/orders/{order.reference}/").content.decode()
        assert "Tides" in page
        assert "at the counter" in page
        assert order.get_absolute_url() in client.get("/orders/").content.decode()

    def test_another_readers_receipt_is_not_shown(self, client, book, django_user_model):
        """It has an address on it."""
        amara = django_user_model.objects.create(username="amara")
        order = Order.objects.create(user=amara)
        assert client.get(f"/orders/{order.reference}/").status_code == 404

    def test_sending_twice_sells_once(self, client, book):
        """And leaves alone what was put into the cart since."""
        add(client, book)
        sent = {"delivery": "collect", **hidden(client)}
        client.post("/checkout/", sent)
        add(client, book, 2)
        response = client.post("/checkout/", sent)
        assert "sent this already" in response.content.decode()
        assert Purchase.objects.get().quantity == 1
        assert contents(client) == {str(book.pk): 2}

    def test_the_same_order_placed_twice_is_one(self, book, django_user_model):
        """Also where both came past the page's own look, as two at one time do."""
        robin = django_user_model.objects.get()
        details = {"user": robin, "copies": {book.pk: 2}, "reference": uuid.uuid4()}
        first, new = services.place_order(**details)
        assert new
        assert services.place_order(**details) == (first, False)
        assert Purchase.objects.get().quantity == 2

    def test_stock_that_ran_out_sells_nothing(self, client, book, other):
        """Not even what there is enough of: no half order, no points, no letters."""
        add(client, book, 2)
        add(client, other, 3)
        sent = {"delivery": "collect", **hidden(client)}
        Book.objects.filter(pk=other.pk).update(stock_quantity=1)
        with signalscope.record("*.book_purchased", "*.post_save") as recording:
            response = client.post("/checkout/", sent)
        assert response.status_code == 200
        assert errors(response) == ["“Ebb”: Only 1 left."]
        recording.assert_not_called("signals.update_inventory")
        assert not Order.objects.exists()
        assert not Purchase.objects.exists()
        assert Book.objects.get(pk=book.pk).stock_quantity == 9
        assert contents(client) == {str(book.pk): 2, str(other.pk): 3}

    def test_a_receiver_that_fails_undoes_the_whole_order(self, client, book, other):
        """One transaction: the first book is not sold if the second cannot be."""
        add(client, book)
        add(client, other)
        sent = {"delivery": "collect", **hidden(client)}

        def refuse(sender, instance, **_):
            if instance.book == other:
                raise RuntimeError

        post_save.connect(refuse, sender=Purchase)
        try:
            with pytest.raises(RuntimeError):
                client.post("/checkout/", sent)
        finally:
            post_save.disconnect(refuse, sender=Purchase)
        assert not Order.objects.exists()
        assert not Purchase.objects.exists()
        assert Book.objects.get(pk=book.pk).stock_quantity == 9

    def test_what_another_tab_put_in_is_shown_first(self, client, book, other):
        """Nobody pays for what was not on the page."""
        add(client, book)
        sent = {"delivery": "collect", **hidden(client)}
        add(client, other)
        response = client.post("/checkout/", sent)
        assert errors(response) == ["Your cart has changed since. This is what is in it now."]
        assert not Purchase.objects.exists()
        client.post("/checkout/", {"delivery": "collect", **hidden(client)})
        assert Purchase.objects.count() == 2

    def test_a_new_price_is_shown_first(self, client, book):
        """As above."""
        add(client, book)
        sent = {"delivery": "collect", **hidden(client)}
        Book.objects.update(price=99)
        assert errors(client.post("/checkout/", sent))
        assert not Purchase.objects.exists()

    def test_a_form_of_another_reader_is_refused(self, client, book, django_user_model):
        """Whoever changes the reader in between is told, and can send it once more."""
        amara = django_user_model.objects.create(username="amara")
        add(client, book)
        sent = {"delivery": "collect", **hidden(client)}
        Order.objects.create(user=amara, reference=sent["reference"])
        response = client.post("/checkout/", sent)
        assert "as another reader" in errors(response)[0]
        assert sent["reference"] not in response.content.decode()
        assert not Purchase.objects.exists()

    @pytest.mark.parametrize(
        ("sent", "message"),
        [
            ({"delivery": "post"}, "Where shall the parcel go?"),
            ({"delivery": "post", "address": "   "}, "Where shall the parcel go?"),
            ({"delivery": "pigeon"}, "Select a valid choice. pigeon is not one of the available"),
            ({"delivery": "post", "address": "x" * 301}, "Ensure this value has at most 300"),
            ({"delivery": "post", "address": "a\0b"}, "Null characters are not allowed."),
            ({}, "This field is required."),
            ({"delivery": "collect", "reference": "9" * 5000}, "Enter a valid UUID."),
            ({"delivery": "collect", "seen": "y" * 9999}, "Ensure this value has at most 64"),
        ],
    )
    def test_bad_input_gets_a_form_error(self, client, book, sent, message):
        """One, and nothing is sold."""
        add(client, book)
        response = client.post("/checkout/", hidden(client) | sent)
        assert response.status_code == 200
        (found,) = errors(response)
        assert found.startswith(message)
        assert not Order.objects.exists()

    def test_a_checkout_of_nothing_leads_to_the_cart(self, client, book):
        """As a form that was kept open over a restart does."""
        sent = {"delivery": "collect", "reference": uuid.uuid4(), "seen": "x"}
        assert client.post("/checkout/", sent).headers["Location"] == "/cart/"
        assert not Order.objects.exists()
