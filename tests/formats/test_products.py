"""Product files of shops, read back by parsers of the columns as the shops document them."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest

from genreel.catalogue import Movie
from genreel.formats.applying import Choices, apply_to_table
from genreel.formats.mark import Found
from genreel.formats.products import price_of, products_of, slug
from genreel.formats.shopify import new_products
from genreel.formats.woocommerce import woocommerce_products

SHOPIFY = (
    "Title|URL handle|Description|Vendor|Product category|Type|Tags|Published on online store|"
    "Status|SKU|Barcode|Option1 name|Option1 value|Option1 Linked To|Option2 name|Option2 value|"
    "Option2 Linked To|Option3 name|Option3 value|Option3 Linked To|Price|Compare-at price|"
    "Cost per item|Charge tax|Tax code|Unit price total measure|Unit price total measure unit|"
    "Unit price base measure|Unit price base measure unit|Inventory tracker|Inventory quantity|"
    "Continue selling when out of stock|Weight value (grams)|Weight unit for display|"
    "Requires shipping|Fulfillment service|Product image URL|Image position|Image alt text|"
    "Variant image URL|Gift card|SEO title|SEO description|"
    "Google Shopping / Custom label 0"
).split("|")
WOOCOMMERCE = (
    "ID|Type|SKU|Name|Published|Is featured?|Visibility in catalog|Short description|Description|"
    "Date sale price starts|Date sale price ends|Tax status|Tax class|In stock?|Stock|"
    "Low stock amount|Backorders allowed?|Sold individually?|Weight (kg)|Length (cm)|Width (cm)|"
    "Height (cm)|Allow customer reviews?|Purchase note|Sale price|Regular price|Categories|Tags|"
    "Shipping class|Images|Parent|Grouped products|Upsells|Cross-sells|External URL|Button text|"
    "Position|Attribute 1 name|Attribute 1 value(s)|Attribute 1 visible|Attribute 1 global"
).split("|")

MOVIES = [
    Movie(
        "a/1 🎬",
        "Dust over Carrow",
        1956,
        "A sheriff.\n\nA <gun> & a\\name.",
        genres={"genreel": ("Western", "Drama")},
        extra={"Price": "£1,250.00", "SKU": "D-1", "tags": "linen backed, Western"},
        poster=Path("posters/dust à 1.jpg"),
    ),
    Movie("b", "Dust over Carrow", 1956, extra={"price": 30}),
    Movie("c", "غبار", 1960, genres={"genreel": ("War",)}, extra={"status": "Sold", "price": "9"}),
    Movie("d", "🎬", extra={"handle": "by-hand", "Image Src": "https://x.example/1.jpg"}),
    Movie("e-f", "", genres={"genreel": ("Sword, Sandal > Peplum",)}),
]


def read_shopify(data: bytes) -> list[dict[str, str]]:
    """Products as Shopify's page on its CSV has it: https://help.shopify.com, "Using CSV files"."""
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert [name for name in SHOPIFY if name in rows[0]] == list(rows[0])
    handles = [row["URL handle"] for row in rows]
    assert len(set(handles)) == len(rows)  # a handle that is there twice is a variant
    for row in rows:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", row["URL handle"])
        assert 0 < len(row["Title"]) <= 255
        assert row["Status"] in ("Active", "Draft", "Archived")
        assert row["Published on online store"] in ("TRUE", "FALSE")
        assert row["Continue selling when out of stock"] in ("deny", "continue")
        assert re.fullmatch(r"(\d+\.\d\d)?", row["Price"])
        assert re.fullmatch(r"(https?://[!-~]+)?", row["Product image URL"])
        assert (row["Option1 name"], row["Option1 value"]) == ("Title", "Default Title")
        assert len(row["SEO title"]) <= 70
    return rows


def parts_of(value: str) -> list[str]:
    r"""A list as WooCommerce's importer takes it apart: at commas, but for \, ."""
    parts = value.replace("\\,", "\0").split(",") if value else []
    return [part.replace("\0", ",").strip() for part in parts]


def read_woocommerce(data: bytes) -> list[dict[str, str]]:
    """Products as the importer's schema has them: woocommerce/wiki/Product-CSV-Import-Schema."""
    rows = list(csv.DictReader(io.StringIO(data.decode(), newline="")))
    assert [name for name in WOOCOMMERCE if name in rows[0]] == list(rows[0])
    assert len({row["SKU"] for row in rows}) == len(rows)
    for row in rows:
        assert row["Type"] == "simple" and row["Name"]
        assert row["Published"] in ("1", "0", "-1")
        assert row["Visibility in catalog"] in ("visible", "catalog", "search", "hidden")
        assert row["In stock?"] in ("0", "1")
        assert re.fullmatch(r"(\d+\.\d\d)?", row["Regular price"])
        assert all(">" not in name for name in parts_of(row["Categories"]))
    return rows


def test_shopify_reads_all_that_is_known() -> None:
    dust, copy, arabic, by_hand, untitled = read_shopify(
        new_products(MOVIES, images="https://cdn.example/p/")
    )
    assert (dust["URL handle"], copy["URL handle"]) == (
        "dust-over-carrow-1956",
        "dust-over-carrow-1956-2",
    )
    assert dust["Title"] == "Dust over Carrow (1956)"
    assert dust["Tags"] == "Western, Drama, 1950s, linen backed"
    assert dust["Google Shopping / Custom label 0"] == "Western"
    assert (dust["Price"], dust["SKU"], dust["Status"]) == ("1250.00", "D-1", "Active")
    assert dust["Product image URL"] == "https://cdn.example/p/dust%20%C3%A0%201.jpg"
    assert dust["Description"] == "<p>A sheriff.</p><p>A &lt;gun&gt; &amp; a\\name.</p>"
    assert (copy["Price"], copy["Tags"]) == ("30.00", "")
    assert (arabic["Status"], arabic["Published on online store"]) == ("Archived", "FALSE")
    assert (by_hand["URL handle"], by_hand["Status"]) == ("by-hand", "Draft")  # no price
    assert by_hand["Product image URL"] == "https://x.example/1.jpg"
    assert (untitled["Title"], untitled["Tags"]) == ("E f", "Sword  Sandal > Peplum")


def test_a_picture_without_an_address_is_none_of_shopifys() -> None:
    assert read_shopify(new_products(MOVIES))[0]["Product image URL"] == ""
    assert read_woocommerce(woocommerce_products(MOVIES))[0]["Images"] == "dust à 1.jpg"


def test_woocommerce_reads_all_that_is_known() -> None:
    dust, copy, arabic, _, untitled = read_woocommerce(
        woocommerce_products(MOVIES, images="https://cdn.example/p")
    )
    assert parts_of(dust["Categories"]) == ["Western", "Drama"]
    assert parts_of(dust["Tags"]) == ["Western", "Drama", "1950s", "linen backed"]
    assert (dust["Regular price"], dust["SKU"], dust["Published"]) == ("1250.00", "D-1", "1")
    assert dust["Images"] == "https://cdn.example/p/dust%20%C3%A0%201.jpg"
    assert "a\\\\name" in dust["Description"]  # \n would be the end of a line
    assert parts_of(dust["Attribute 1 value(s)"]) == ["Western", "Drama"]
    assert copy["SKU"] == "dust-over-carrow-1956-2"
    assert (arabic["In stock?"], arabic["Published"]) == ("0", "0")
    assert parts_of(untitled["Categories"]) == ["Sword, Sandal › Peplum"]


@pytest.mark.parametrize(
    ("value", "price"),
    [
        ("45", "45.00"),
        ("£45.5", "45.50"),
        ("1,234.50 USD", "1234.50"),
        ("1.234,50 €", "1234.50"),
        ("45,00", "45.00"),
        ("1,250", "1250.00"),
        ("1.250", "1250.00"),
        ("1,234,567", "1234567.00"),
        (1.125, "1.12"),
        (30, "30.00"),
        ("0", "0.00"),
        (".99", "0.99"),
        ("Fr. 1'250.00", "1250.00"),
        ("12 500 kr.", "12500.00"),
        ("on request", ""),
        ("-5", ""),
        ("", ""),
        ("٤٥", "45.00"),
    ],
)
def test_prices(value: str | int | float, price: str) -> None:
    assert price_of(value) == price


def test_odd_names_have_handles_of_their_own() -> None:
    names = ["🎬", "🎭", "a/b", "a b", "A:B", "הר", "x" * 500, "Œuvre d'été"]
    handles = [p.handle for p in products_of(Movie(f"{n} {i}", n) for i, n in enumerate(names))]
    assert len(set(handles)) == len(names)
    assert all(re.fullmatch(r"[a-z0-9-]{1,110}", handle) for handle in handles)
    assert handles[2:5] == ["a-b", "a-b-2", "a-b-3"]
    assert slug("Œuvre d'été") == "uvre-d-ete"


def test_two_films_of_one_name_both_get_their_tags(tmp_path: Path) -> None:
    path = tmp_path / "products.csv"
    pairs = [(MOVIES[0], Found({"War": 0.9})), (MOVIES[1], Found({"Crime": 0.8}))]
    apply_to_table(pairs, "shopify", Choices(path), print)
    tags = [row["Tags"] for row in read_shopify(path.read_bytes())]
    assert tags == ["Western, Drama, 1950s, linen backed", "Crime"]
