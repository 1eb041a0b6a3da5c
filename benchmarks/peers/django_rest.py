"""Django REST framework: a serializer of the table, a generic list view, cursor pages.

Run by gunicorn with BENCHMARK_DATABASE set to an SQLite file. As in the guides of both: JSON only,
no debugging, connections kept, no count of all rows (cursor pages need none).
"""

import os

from django.conf import settings

settings.configure(
    ALLOWED_HOSTS=["127.0.0.1"],
    DEBUG=False,
    ROOT_URLCONF=__name__,
    SECRET_KEY="not a secret: nothing is signed here",  # noqa: S106
    USE_TZ=True,
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ["BENCHMARK_DATABASE"],
            "CONN_MAX_AGE": None,
        }
    },
    REST_FRAMEWORK={
        "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
        "DEFAULT_AUTHENTICATION_CLASSES": [],
        "DEFAULT_PERMISSION_CLASSES": [],
        "UNAUTHENTICATED_USER": None,
    },
)

import django

django.setup()

from django.core.wsgi import get_wsgi_application
from django.db import models
from django.urls import path
from rest_framework.generics import ListAPIView
from rest_framework.pagination import CursorPagination
from rest_framework.serializers import ModelSerializer


class FundingRecord(models.Model):
    id = models.TextField(primary_key=True)
    kind = models.TextField()
    country = models.TextField(null=True)
    company = models.TextField(null=True)
    round_type = models.TextField(null=True)
    period = models.TextField()
    amount_usd = models.BigIntegerField(null=True)
    amount = models.BigIntegerField(null=True)
    currency = models.TextField(null=True)
    qualifier = models.TextField(null=True)
    source = models.TextField()
    locator = models.TextField(null=True)

    class Meta:
        app_label = "benchmark"
        db_table = "funding"
        managed = False

    def __str__(self):
        return self.id


class FundingSerializer(ModelSerializer):
    class Meta:
        model = FundingRecord
        fields = [
            "id",
            "kind",
            "country",
            "company",
            "round_type",
            "period",
            "amount_usd",
            "amount",
            "currency",
            "qualifier",
            "source",
            "locator",
        ]


class FundingPages(CursorPagination):
    ordering = "id"
    page_size = 50


class FundingList(ListAPIView):
    serializer_class = FundingSerializer
    pagination_class = FundingPages

    def get_queryset(self):
        asked = self.request.query_params
        return FundingRecord.objects.filter(
            country=asked["country"], amount_usd__gte=int(asked["min_amount_usd"])
        )


urlpatterns = [path("funding", FundingList.as_view())]
application = get_wsgi_application()
