"""The addresses of the site."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("demo_bookstore.bookstore.urls")),
    path("scenarios/", include("demo_bookstore.scenarios.urls")),
    path("admin/", admin.site.urls),
    # Not `debug_toolbar_urls()`, which is empty wherever a test run has switched DEBUG off by now.
    path("__debug__/", include("debug_toolbar.urls")),
    *static(settings.MEDIA_URL, document_root=settings.MEDIA_ROOT),
]
