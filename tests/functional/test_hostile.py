"""What a visitor sends who means no good, or does not look: an answer, and never a crash."""

from __future__ import annotations

import json
import uuid

import pytest

pytest.importorskip("debug_toolbar", reason="the bookstore shows its signals in the toolbar")

BIG = "9" * 5000
JSON = "application/json"


class TestPages:
    @pytest.mark.parametrize("path", ["/", "/activity/", "/orders/", "/api/books/"])
    @pytest.mark.parametrize("page", ["abc", "0", "-1", "1e400", BIG, "%00", "%FF", "٣", "1.5", ""])
    def test_a_page_that_is_none_is_the_first_or_the_last(self, client, book, path, page):
        """As Django's paginator has it."""
        assert client.get(f"{path}?page={page}").status_code == 200

    @pytest.mark.parametrize("query", ["q=%00", f"q={BIG}", "q=%ED%A0%80%00", "genre=%00"])
    def test_a_search_for_what_cannot_be_gets_a_form_error(self, client, book, query):
        """And the whole shelf."""
        page = client.get(f"/?{query}").content.decode()
        assert "errorlist" in page
        assert "Tides" in page
        assert client.get(f"/api/books/?{query}").status_code == 400

    @pytest.mark.parametrize("query", ["q=%25_%5C'%22", "q=%FF%FE", "q=%ED%A0%80", "q[]=1&q=2"])
    def test_a_search_for_odd_signs_finds_nothing(self, client, book, query):
        """They are only letters to it."""
        response = client.get(f"/?{query}")
        assert response.status_code == 200
        assert "Nothing on these shelves" in response.content.decode()

    @pytest.mark.parametrize(
        "path",
        [
            "/books/%00/",
            f"/books/{BIG}/",
            "/books/%FF/",
            "/books/..%2F..%2Fsettings/",
            "/media/%00",
            "/media/..%2F..%2Fetc%2Fpasswd",
            "/static/%00",
            "/orders/00000000-0000-0000-0000-000000000000/",
            "/authors/nobody/",
            "/api/books/nobody/",
        ],
    )
    def test_an_address_of_nothing_is_not_found(self, client, book, settings, path):
        """And says so."""
        settings.DEBUG = True
        assert client.get(path).status_code == 404

    @pytest.mark.parametrize("form", ["review", "rate", "buy", "cart"])
    def test_a_form_for_no_book_is_not_found(self, client, book, form):
        """Whatever is in it."""
        sent = {
            "rating": 5,
            "text": "Fine.",
            "rating_value": 5,
            "quantity": 1,
            "reference": uuid.uuid4(),
        }
        assert client.post(f"/books/nobody/{form}/", sent).status_code == 404
        assert client.post(f"/books/nobody/{form}/", {}).status_code == 404

    @pytest.mark.parametrize("form", ["review", "rate", "buy", "cart"])
    @pytest.mark.parametrize("value", [BIG, "-1", "0.5", "a\0b", "", "[]", "💥" * 2001])
    def test_a_form_says_what_is_wrong(self, client, book, form, value):
        """Instead of failing."""
        names = ["rating", "text", "rating_value", "quantity", "reference"]
        response = client.post(f"/books/{book.slug}/{form}/", dict.fromkeys(names, value))
        assert response.status_code == 200
        page = response.content.decode()
        assert "errorlist" in page
        assert 'role="alert"' in page

    def test_a_file_in_place_of_words_is_no_review(self, client, book, tmp_path):
        """Multipart forms can bring one."""
        file = tmp_path / "text"
        file.write_text("A fine book.")
        with file.open() as text:
            response = client.post(f"/books/{book.slug}/review/", {"rating": 5, "text": text})
        assert "This field is required." in response.content.decode()

    def test_too_much_is_refused(self, client, book):
        """Before it is taken apart."""
        sent = {"rating": 5, "text": "x" * 3_000_000}
        response = client.post(
            f"/books/{book.slug}/review/",
            "rating=5&text=" + sent["text"],
            content_type="application/x-www-form-urlencoded",
        )
        assert response.status_code == 400
        fields = "&".join(f"f{number}=1" for number in range(2000))
        response = client.post(
            f"/books/{book.slug}/review/",
            fields,
            content_type="application/x-www-form-urlencoded",
        )
        assert response.status_code == 400


class TestReader:
    @pytest.mark.parametrize("name", ["nobody", "a\0b", "x" * 5000, "", "admin"])
    def test_nobody_else_can_be_visited_as(self, client, book, admin_user, name):
        """Staff least of all, and no name is too odd to be looked for."""
        assert client.post("/reader/", {"reader": name, "next": "/"}).status_code == 404
        assert "reader" not in client.session

    @pytest.mark.parametrize(
        ("target", "leads"),
        [
            ("/activity/?page=2", "/activity/?page=2"),
            ("//elsewhere.example/", "/"),
            ("https://elsewhere.example/", "/"),
            ("/\\elsewhere.example", "/"),
            ("javascript:alert(1)", "/"),
            ("bookstore", "/"),
            ("bookstore:catalogue", "/"),
            ("\0", "/"),
            ("/" + "x" * 5000, "/"),
            ("http://[", "/"),
            ("", "/"),
        ],
    )
    def test_leads_on_within_the_shop_only(self, client, book, target, leads):
        """And a word is no address, though `redirect()` would look for a view of that name."""
        response = client.post("/reader/", {"reader": "robin", "next": target})
        assert (response.status_code, response.headers["Location"]) == (302, leads)


class TestJson:
    @pytest.mark.parametrize(
        "body",
        [
            b" ",
            b"{",
            b"[]",
            b"null",
            b'"text"',
            b"\xff\xfe",
            b"[" * 200_000,
            b'{"a":' * 200_000,
            b'{"rating": ' + b"9" * 5000 + b"}",
            b'{"rating": 5, "text": "\\ud800 half a sign"}',
            b'{"\\udfff": 1}',
            b'{"rating": 5, "text": "a\\u0000b"}',
            b'{"rating": [5], "text": "Fine."}',
            b'{"rating": 5.0, "text": "Fine."}',
            b'{"rating": true, "text": "Fine."}',
            b'{"rating": NaN, "text": "Fine."}',
            b'{"rating": 1e999, "text": {}}',
            b'{"rating": -5, "text": "Fine."}',
        ],
    )
    def test_what_is_no_review_is_refused(self, client, book, body):
        """In JSON, with a reason."""
        response = client.post(f"/api/books/{book.slug}/reviews/", body, content_type=JSON)
        assert response.status_code == 400
        assert response.json()["errors"]
        assert not book.reviews.exists()

    def test_too_much_is_refused(self, client, book):
        """In JSON as well."""
        body = json.dumps({"rating": 5, "text": "x" * 3_000_000})
        response = client.post(f"/api/books/{book.slug}/reviews/", body, content_type=JSON)
        assert response.status_code == 413
        assert response.json()["errors"]

    def test_an_odd_type_is_refused(self, client, book):
        """No form of another site can send what is taken."""
        for kind in ("text/plain", "application/x-www-form-urlencoded", "application/jsonx"):
            response = client.post(f"/api/books/{book.slug}/reviews/", "{}", content_type=kind)
            assert response.status_code == 415
