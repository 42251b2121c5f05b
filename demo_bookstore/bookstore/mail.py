"""The letters that the shop writes: after the commit, so that they only tell what is true."""

from django.conf import settings
from django.core.mail import send_mail

from demo_bookstore.bookstore.models import Book, Review

STAFF = "stockroom@lighthouse-books.example"


def tell_authors(review_pk: int) -> None:
    """Send a review to the authors of the book, if it is still there to be read."""
    review = Review.objects.select_related("book", "user").filter(pk=review_pk).first()
    if review is None or not review.is_approved:
        return
    recipients = [author.email for author in review.book.authors.all() if author.email]
    if recipients:
        send_mail(
            subject=f"A reader has reviewed “{review.book.title}”",
            message=f"{review.user} gave it {review.rating} of 5 stars:\n\n{review.text}\n",
            from_email=settings.DEFAULT_FROM_EMAIL,
            recipient_list=recipients,
        )


def tell_stockroom(book_pk: int) -> None:
    """Ask the staff to order more copies."""
    book = Book.objects.filter(pk=book_pk).first()
    if book is not None:
        send_mail(
            subject=f"“{book.title}” is running out",
            message=f"{book.stock_quantity} left of {book.catalogue_number}. Please order more.\n",
            from_email=settings.DEFAULT_FROM_EMAIL,
            recipient_list=[STAFF],
        )
