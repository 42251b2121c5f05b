"""Fills the shop: the same books, readers and opinions every time, all of them invented.

Everything goes in by `bulk_create`, past the receivers, on purpose: a shop that opens has no mail
to send and nothing to log. So what the receivers would have filled in is filled in here.
"""

from __future__ import annotations

import random
from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.text import slugify

from demo_bookstore.bookstore.models import (
    ActivityLog,
    Author,
    Book,
    Purchase,
    Rating,
    Review,
    UserProfile,
)

ADMIN = "admin"
READERS = ("robin", "amara", "bastian", "chiyo", "dalia", "emil", "freya", "goran", "hana", "imre")
OPENING = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
AUTHORS = 72
BOOKS = 320

FIRST_NAMES = (
    "Ada",
    "Alban",
    "Beata",
    "Cyril",
    "Dorit",
    "Edda",
    "Fabio",
    "Greta",
    "Hakon",
    "Ilse",
    "Jorun",
    "Kaspar",
    "Lucia",
    "Malin",
    "Nuno",
    "Odile",
    "Pavel",
    "Quirin",
    "Runa",
    "Selma",
    "Tilda",
    "Ulric",
    "Vera",
    "Wanda",
    "Xenia",
    "Yara",
    "Zeno",
    "Anouk",
    "Bruno",
    "Clio",
    "Davor",
    "Elin",
)
LAST_NAMES = (
    "Abelung",
    "Brightwater",
    "Corvin",
    "Dunmore",
    "Eskola",
    "Farrow",
    "Grünfeld",
    "Halvorsen",
    "Ibarra",
    "Juniper",
    "Kestrel",
    "Lindqvist",
    "Marchetti",
    "Novak",
    "Oakhurst",
    "Pellegrin",
    "Quill",
    "Rosenthal",
    "Saltmarsh",
    "Thornbury",
    "Umber",
    "Vance",
    "Wexler",
    "Yarrow",
    "Zimmer",
)
HOMES = (
    "in a converted boathouse",
    "above a bakery",
    "on an island with more sheep than people",
    "in three cities, depending on the season",
    "at the last stop of the tram",
    "in a village without a post office",
)
HABITS = (
    "keeps bees",
    "repairs clocks",
    "collects railway timetables",
    "swims before breakfast",
    "restores old maps",
    "teaches evening classes",
    "plays the viola badly",
)

# For each shelf: ways to make a title, and words to make it from.
SHELVES: dict[str, tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...]]] = {
    Book.Genre.FICTION: (
        (
            "The {0} {1}",
            "The {1} Next Door",
            "Return to the {0} {1}",
            "What the {1} Knew",
            "All Our {1}s",
            "A {1} for Two",
        ),
        ("Quiet", "Borrowed", "Second", "Faithful", "Late", "Paper", "Painted", "Kind"),
        ("Harbour", "Vineyard", "Winter", "Staircase", "Garden", "Letter", "Neighbour", "Ballroom"),
    ),
    Book.Genre.MYSTERY: (
        (
            "Murder at the {0} {1}",
            "The {1} That Lied",
            "Death and the {1}",
            "The {0} {1} Affair",
            "Who Locked the {1}?",
            "Inspector Brandt and the {0} {1}",
        ),
        ("Velvet", "Midnight", "Crooked", "Scarlet", "Hollow", "Ninth", "Stopped", "Copper"),
        ("Archive", "Lighthouse", "Vault", "Ledger", "Chapel", "Clock", "Pavilion", "Piano"),
    ),
    Book.Genre.SCIENCE: (
        (
            "The {0} Life of {1}",
            "How {1} Works",
            "{1}: A {0} History",
            "Thinking in {1}",
            "A Field Guide to {1}",
            "Why We Need {1}",
        ),
        ("Secret", "Short", "Hidden", "Surprising", "Patient", "Noisy", "Slow", "Double"),
        ("Moss", "Gravity", "Sleep", "Salt", "Algebra", "Fog", "Lichen", "Starlight"),
    ),
    Book.Genre.HISTORY: (
        (
            "The {0} {1}",
            "The {1} and the Empire",
            "A People's {1}",
            "When the {1} Came",
            "Before the {1}",
            "The Year of the {1}",
        ),
        ("Forgotten", "Amber", "Northern", "Thousand-Year", "Silver", "First", "Last", "Drowned"),
        ("Road", "Plague", "Printing Press", "Harvest", "Railway", "Market", "Bridge", "Almanac"),
    ),
    Book.Genre.POETRY: (
        (
            "{0} {1}",
            "Songs for a {0} {1}",
            "{1} Poems",
            "Against the {1}",
            "To the {1}, Twice",
            "Letters from a {0} {1}",
        ),
        ("Slow", "Small", "Salt", "Blue", "Drowsy", "Morning", "Second", "Borrowed"),
        ("Rain", "Tide", "Window", "Thaw", "Lamp", "River", "Meadow", "Thimble"),
    ),
    Book.Genre.TRAVEL: (
        (
            "By {1} to the {0} Coast",
            "A {1} in Every Port",
            "{0} by {1}",
            "A Year by {1}",
            "The {1} to Nowhere Much",
            "Two Friends and a {1}",
        ),
        ("Western", "Outer", "Forgotten", "Windward", "Far", "High", "Southward", "Wild"),
        ("Night Train", "Ferry", "Bicycle", "Canal Boat", "Dog Sled", "Tram", "Mule", "Mail Coach"),
    ),
    Book.Genre.CRAFT: (
        (
            "The {0} {1} Book",
            "{1} for Beginners",
            "{0} {1} in Thirty Days",
            "Evenings with {1}",
            "The Joy of {1}",
            "{1} for Left Hands",
        ),
        ("Practical", "Complete", "Thrifty", "Patient", "Modern", "Country", "Portable", "Honest"),
        (
            "Bookbinding",
            "Sourdough",
            "Woodcut",
            "Weaving",
            "Pottery",
            "Bonsai",
            "Letterpress",
            "Whittling",
        ),
    ),
    Book.Genre.YOUNG: (
        (
            "{1} and the {0} Map",
            "The {0} {1} Club",
            "{1} Goes to Sea",
            "Goodnight, {0} {1}",
            "{1} Takes the Night Bus",
            "A Birthday for {1}",
        ),
        ("Upside-Down", "Invisible", "Tiny", "Golden", "Grumpy", "Midnight", "Sleepy", "Brave"),
        (
            "Otter",
            "Captain Pim",
            "Dragon",
            "Juniper",
            "Walrus",
            "Hedgehog",
            "Grandmother Oak",
            "Button",
        ),
    ),
}
OPENERS = (
    "It begins with a knock at the wrong door.",
    "Nobody in the valley talks about the summer of the long frost.",
    "Everything you were told about it at school was tidier than the truth.",
    "Eleven years of notebooks went into these pages.",
    "There are quicker ways to get there, and none of them is better.",
    "Start on any page; it will find you.",
)
MIDDLES = (
    "What follows is patient, funny and exact,",
    "The author listens more than they explain,",
    "Every chapter leaves one more lamp burning,",
    "It is told without hurry and without a wasted word,",
    "Half of it is argument and half of it is song,",
)
ENDINGS = (
    "and it stays with you like weather.",
    "and the last ten pages change the first ten.",
    "with maps, where maps are needed.",
    "and you will lend it to someone who never gives it back.",
    "and it makes the case for looking twice.",
)
PRAISE = {
    5: ("I missed my stop twice.", "The best thing on my shelf this year.", "Bought three more."),
    4: ("Slow to start, then I could not stop.", "Warm, clever, a little too long."),
    3: ("Good in the middle, thin at the edges.", "I liked it more than I remember it."),
    2: ("Lovely sentences in search of a reason.", "Not for me, but I see why others cheer."),
    1: ("I kept waiting for it to begin.",),
}


@transaction.atomic
def fill() -> None:
    """Create everything in an empty database."""
    # Not for secrets: every start has to give the same shop.
    chance = random.Random(1843)  # noqa: S311
    readers = _people()
    books = _books(chance, _authors(chance))
    _opinions(chance, books, readers)
    _sales(chance, books, readers)


def _people() -> list[User]:
    User.objects.create_superuser(ADMIN, "admin@lighthouse-books.example", ADMIN)
    readers = [User(username=name, email=f"{name}@readers.example") for name in READERS]
    for reader in readers:
        reader.set_unusable_password()
    readers = User.objects.bulk_create(readers)
    UserProfile.objects.bulk_create(
        UserProfile(user=reader, loyalty_points=10 * index) for index, reader in enumerate(readers)
    )
    return readers


def _authors(chance: random.Random) -> list[Author]:
    names: dict[str, None] = {}
    while len(names) < AUTHORS:
        names[f"{chance.choice(FIRST_NAMES)} {chance.choice(LAST_NAMES)}"] = None
    return Author.objects.bulk_create(
        Author(
            name=name,
            slug=slugify(name),
            email=f"{slugify(name)}@writers.example",
            biography=f"{name} lives {chance.choice(HOMES)} and {chance.choice(HABITS)}.",
        )
        for name in names
    )


def _books(chance: random.Random, authors: list[Author]) -> list[Book]:
    titles: dict[str, str] = {}
    shelves = list(SHELVES)
    while len(titles) < BOOKS:
        genre = shelves[len(titles) % len(shelves)]
        patterns, adjectives, nouns = SHELVES[genre]
        title = chance.choice(patterns).format(chance.choice(adjectives), chance.choice(nouns))
        titles.setdefault(title, genre)
    books = Book.objects.bulk_create(
        Book(
            title=title,
            slug=slugify(title),
            isbn=_isbn(number),
            catalogue_number=f"LB-{number:05d}",
            genre=genre,
            description=" ".join(map(chance.choice, (OPENERS, MIDDLES, ENDINGS))),
            price=Decimal(chance.randrange(7, 34)) + Decimal("0.90"),
            published=date(1990, 1, 1) + timedelta(days=chance.randrange(13000)),
            stock_quantity=chance.choice((0, 3, 5, 6, 8, 11, 14, 20, 26, 40)),
        )
        for number, (title, genre) in enumerate(titles.items(), start=1)
    )
    # Two hands wrote some of the books, never the same hand twice.
    written = Book.authors.through
    written.objects.bulk_create(
        written(book=book, author=author)
        for book in books
        for author in chance.sample(authors, chance.choice((1, 1, 1, 1, 2)))
    )
    return books


def _opinions(chance: random.Random, books: list[Book], readers: list[User]) -> None:
    ratings: list[Rating] = []
    reviews: list[Review] = []
    received: dict[Book, list[int]] = defaultdict(list)
    # Robin, as whom every visitor starts, has said nothing yet: the first word is the visitor's.
    critics = readers[1:]
    for book in books:
        liking = chance.choice((3, 4, 4, 5))
        for reader in chance.sample(critics, chance.randrange(len(critics) + 1)):
            value = min(5, max(1, liking + chance.choice((-1, 0, 0, 1))))
            received[book].append(value)
            ratings.append(Rating(book=book, user=reader, rating_value=value))
            if chance.random() < 0.3:  # noqa: PLR2004
                reviews.append(
                    Review(
                        book=book,
                        user=reader,
                        rating=value,
                        text=chance.choice(PRAISE[value]),
                        created_at=OPENING - timedelta(hours=chance.randrange(4000)),
                    )
                )
    for book, values in received.items():
        book.average_rating = round(Decimal(sum(values)) / len(values), 2)
        book.total_ratings = len(values)
    Rating.objects.bulk_create(ratings)
    Review.objects.bulk_create(reviews)
    Book.objects.bulk_update(received, ["average_rating", "total_ratings"])


def _sales(chance: random.Random, books: list[Book], readers: list[User]) -> None:
    sales = [
        Purchase(
            book=book,
            user=chance.choice(readers),
            quantity=quantity,
            total=book.price * quantity,
            created_at=OPENING - timedelta(hours=chance.randrange(2000)),
        )
        for book in chance.sample(books, 100)
        for quantity in (chance.choice((1, 1, 2)),)
    ]
    Purchase.objects.bulk_create(sales)
    ActivityLog.objects.bulk_create(
        ActivityLog(
            action=ActivityLog.Action.SOLD,
            model_name="Book",
            object_id=sale.book.pk,
            description=f"{sale.quantity} × “{sale.book}” sold to {sale.user}",
            created_at=sale.created_at,
        )
        for sale in sorted(sales, key=lambda sale: sale.created_at)[-20:]
    )


def _isbn(number: int) -> str:
    """Return an ISBN with a right check digit, from a range that no publisher has."""
    digits = f"979900{number:06d}"
    check = -sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10
    return f"{digits}{check}"
