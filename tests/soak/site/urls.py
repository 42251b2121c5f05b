"""The shop's own pages, and those of the soak."""

from django.contrib import admin
from django.urls import include, path

from tests.soak.site import views

urlpatterns = [
    path("", include("demo_bookstore.bookstore.urls")),
    # The menu of each page leads there.
    path("scenarios/", include("demo_bookstore.scenarios.urls")),
    path("admin/", admin.site.urls),
    path("soak/purchase/<slug:slug>/", views.purchase),
    path("soak/edition/", views.edition),
    path("soak/nested/", views.nested),
    path("soak/endless/", views.endless),
    path("soak/fails/", views.fails),
    path("soak/robust/", views.robust),
    path("soak/fan-out/", views.fan_out),
    path("soak/tangle/", views.tangle),
    path("soak/robust-tangle/", views.robust_tangle),
    path("soak/slow/", views.slow),
    path("soak/census/", views.count),
]
