"""The back office."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from demo_bookstore.bookstore.models import (
    ActivityLog,
    Author,
    Book,
    Order,
    Purchase,
    Rating,
    Review,
    UserProfile,
)

admin.site.site_header = "Lighthouse Books"
admin.site.site_title = "Lighthouse Books"
admin.site.index_title = "Back office"


@admin.register(Author)
class AuthorAdmin(admin.ModelAdmin):
    """Authors by name."""

    list_display = ("name", "email")
    search_fields = ("name",)
    prepopulated_fields = {"slug": ("name",)}  # noqa: RUF012 - as Django documents it


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    """Books with their stock."""

    list_display = (
        "title",
        "catalogue_number",
        "genre",
        "price",
        "stock_quantity",
        "average_rating",
    )
    list_filter = ("genre",)
    search_fields = ("title", "isbn", "catalogue_number")
    readonly_fields = ("catalogue_number", "average_rating", "total_ratings")
    autocomplete_fields = ("authors",)


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    """Reviews, to be approved or hidden."""

    actions = ("approve",)
    list_display = ("book", "user", "rating", "is_approved", "created_at")
    list_filter = ("is_approved", "rating")
    list_select_related = ("book", "user")
    autocomplete_fields = ("book", "user")

    @admin.action(description="Approve selected reviews")
    def approve(self, request: HttpRequest, queryset: QuerySet[Review]) -> None:
        """Save one by one, not by `update()`: the receivers are to hear of each approval."""
        for review in queryset.filter(is_approved=False):
            review.is_approved = True
            review.save(update_fields=["is_approved"])


@admin.register(Rating)
class RatingAdmin(admin.ModelAdmin):
    """Stars without words."""

    list_display = ("book", "user", "rating_value")
    list_select_related = ("book", "user")
    autocomplete_fields = ("book", "user")


@admin.register(Order)
class OrderAdmin(admin.ModelAdmin):
    """Orders, newest first."""

    list_display = ("number", "user", "delivery", "created_at")
    list_filter = ("delivery",)
    list_select_related = ("user",)
    autocomplete_fields = ("user",)
    search_fields = ("reference", "user__username")


@admin.register(Purchase)
class PurchaseAdmin(admin.ModelAdmin):
    """Sales, newest first."""

    list_display = ("book", "user", "quantity", "total", "order", "created_at")
    list_select_related = ("book", "user", "order")
    autocomplete_fields = ("book", "user", "order")


@admin.register(UserProfile)
class UserProfileAdmin(admin.ModelAdmin):
    """Loyalty cards."""

    list_display = ("user", "loyalty_points")
    list_select_related = ("user",)


@admin.register(ActivityLog)
class ActivityLogAdmin(admin.ModelAdmin):
    """The log, which is written by receivers and only read here."""

    list_display = ("created_at", "action", "model_name", "description")
    list_filter = ("action", "model_name")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Nobody writes the log by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: object = None) -> bool:
        """Nobody rewrites it either."""
        return False
