"""Languages are told by scripts and function words; thin evidence is no answer."""

from __future__ import annotations

import pytest

from genreel.errors import InputError
from genreel.language import NAMES, OTHER, contradicts, language_code, language_of, languages_of

# One story of our own: a sheriff returns to a village by the sea and finds that her brother has
# disappeared and that nobody wants to speak about it.
STORY = {
    "en": "A sheriff returns to the village by the sea where she was born, and finds that her "
    "brother has disappeared and that nobody wants to speak about it.",
    "es": "Una sheriff vuelve al pueblo junto al mar donde nació y descubre que su hermano ha "
    "desaparecido y que nadie quiere hablar de ello.",
    "pt": "Uma xerife volta à aldeia à beira do mar onde nasceu e descobre que o seu irmão "
    "desapareceu e que ninguém quer falar disso.",
    "fr": "Une shérif revient dans le village au bord de la mer où elle est née et découvre que "
    "son frère a disparu et que personne ne veut en parler.",
    "it": "Una sceriffa torna nel villaggio sul mare dove è nata e scopre che suo fratello è "
    "scomparso e che nessuno ne vuole parlare.",
    "de": "Eine Sheriffin kehrt in das Dorf am Meer zurück, in dem sie geboren wurde, und erfährt, "
    "dass ihr Bruder verschwunden ist und niemand darüber sprechen will.",
    "nl": "Een sheriff keert terug naar het dorp aan zee waar ze geboren is en ontdekt dat haar "
    "broer verdwenen is en dat niemand erover wil praten.",
    "sv": "En sheriff återvänder till byn vid havet där hon föddes och upptäcker att hennes bror "
    "har försvunnit och att ingen vill tala om det.",
    "fi": "Sheriffi palaa kylään meren rannalle, jossa hän on syntynyt, ja huomaa että hänen "
    "veljensä on kadonnut, mutta kukaan ei halua puhua siitä.",
    "pl": "Szeryfka wraca do wioski nad morzem, w której się urodziła, i odkrywa, że jej brat "
    "zniknął, a nikt nie chce o tym mówić.",
    "cs": "Šerifka se vrací do vesnice u moře, kde se narodila, a zjišťuje, že její bratr zmizel "
    "a že o tom nikdo nechce mluvit.",
    "hu": "Egy seriff visszatér a tengerparti faluba, ahol született, és rájön, hogy a bátyja "
    "eltűnt, de senki sem akar erről beszélni.",
    "ro": "O șerifă se întoarce în satul de lângă mare în care s-a născut și descoperă că fratele "
    "ei a dispărut și că nimeni nu vrea să vorbească despre asta.",
    "tr": "Bir şerif doğduğu deniz kıyısındaki köye döner ve kardeşinin kaybolduğunu, ama bunun "
    "için kimsenin konuşmak istemediğini öğrenir.",
    "id": "Seorang sheriff kembali ke desa di tepi laut dan menemukan bahwa saudaranya telah "
    "hilang dan tidak ada yang mau berbicara tentang itu.",
    "vi": "Một cảnh sát trưởng trở về ngôi làng bên biển và phát hiện anh trai của cô đã mất "
    "tích nhưng không ai muốn nói về điều này.",
    "ru": "Шериф возвращается в деревню у моря, где она родилась, и узнаёт, что её брат исчез "
    "и что никто не хочет об этом говорить.",
    "uk": "Шерифка повертається до села біля моря, де вона народилася, і дізнається, що її брат "
    "зник і що ніхто не хоче про це говорити.",
    "el": "Μια σερίφης επιστρέφει στο χωριό δίπλα στη θάλασσα και μαθαίνει ότι ο αδελφός της "
    "εξαφανίστηκε.",
    "he": "שריפית חוזרת לכפר שליד הים ומגלה שאחיה נעלם ואיש אינו רוצה לדבר על כך.",
    "ar": "تعود مأمورة إلى القرية التي ولدت فيها قرب البحر وتكتشف أن أخاها اختفى ولا أحد يريد "
    "أن يتحدث عن هذا.",
    "hi": "एक शेरिफ समुद्र के किनारे अपने गाँव लौटती है और पाती है कि उसका भाई गायब है।",
    "th": "นายอำเภอหญิงกลับไปยังหมู่บ้านริมทะเลและพบว่าพี่ชายของเธอหายตัวไป",
    "ko": "보안관은 자신이 태어난 바닷가 마을로 돌아와 오빠가 사라졌다는 사실을 알게 된다.",
    "ja": "保安官は生まれ故郷の海辺の村に戻り、兄が姿を消したことを知る。",
    "zh": "女警长回到她出生的海边村庄，发现哥哥失踪了，没有人愿意谈论此事。",
}


@pytest.mark.parametrize("code", sorted(STORY))
def test_each_language_is_told(code: str) -> None:
    assert language_of(STORY[code]) == code
    assert language_of(STORY[code].upper()) == code


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Rosa",
        "La Strada",
        "Le Mans",
        "The Man from U.N.C.L.E.",
        "Jules et Jim",
        "Amélie Poulain, Audrey Delacroix, Étienne Boisvert",
        "🎬🔥😱",
        "Zürich",
        "東京",
        "1954",
        "&amp;&lt;&#233;",
        "Das Boot",
    ],
)
def test_names_and_short_texts_are_never_refused(text: str) -> None:
    assert language_of(text) in (None, "en")


def test_names_from_elsewhere_do_not_make_a_language() -> None:
    assert (
        language_of("In Zürich, Jürgen Müller and Éva Kovács meet the man who sold them.") == "en"
    )
    assert language_of(f"{STORY['en']} (Il était une fois à Paris)") == "en"


def test_the_language_of_most_of_a_text_decides() -> None:
    assert language_of(f"{STORY['es']} {STORY['en'][:40]}") == "es"
    assert language_of(f"{STORY['en']} {STORY['es'][:40]}") == "en"


def test_running_text_in_no_language_of_the_table_is_not_english() -> None:
    klingon = "qaleghmo jisuv ghobe vaj bortas bir jablu reh qaqqu nay batlh daqawlu taah pagh"
    assert language_of(klingon) == OTHER
    assert language_of(klingon.title()) is None  # as a list of names would be


def test_romanised_hindi_is_told_and_names_are_not() -> None:
    assert (
        language_of("Ek ladka apne gaon mein aata hai aur uska bhai nahi hota, koi baat nahi karta")
        == "hi"
    )


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    assert language_of(STORY["zh"] * 10_000) == "zh"
    assert language_of(STORY["en"] * 10_000) == "en"


def test_many_texts_are_told_as_one_by_one() -> None:
    texts = ["", "Rosa", "U.S. agents of the U.S. and the U.K. are in it", *STORY.values()]
    texts += [text.replace("é", "&eacute;") for text in STORY.values()]
    texts += ["the kvist and fjord " * 40, "the kvist fjord glimt " * 40, "kvist. the." * 90]
    # Words are cut where the look ends, and those that it need not count may be too many.
    texts += ["the ox " * k + "kvist" * 100 for k in range(60, 80)]
    texts += [("kvist " * k + "of the and " * 50)[k % 7 :] for k in range(60, 83)]
    expected = [language_of(text) for text in texts]
    assert languages_of(texts * 15) == expected * 15
    assert {"en", None, "fr"} <= {*expected}
    assert languages_of([]) == []


def test_marks_of_direction_and_entities_do_not_matter() -> None:
    assert language_of("\u200f" + STORY["ar"] + "\u200e") == "ar"
    assert language_of(STORY["fr"].replace("é", "&eacute;")) == "fr"


def test_entities_are_letters() -> None:
    for code in ("ru", "de", "zh"):
        entities = "".join(f"&#{ord(c)};" if ord(c) > 127 else c for c in STORY[code])
        assert language_of(entities * 3) == code
    assert language_of("Tom &amp; Rosa &lt;3") is None


@pytest.mark.parametrize(
    "text",
    [
        "Sherif vozvrashchaetsya v derevnyu u morya, gde ona rodilas, i uznaet, chto brat ischez.",
        "Hoankan wa umareta umibe no mura ni modori, ani ga sugata o keshita koto o shiru.",
    ],
)
def test_a_transliterated_plot_is_not_read_as_english(text: str) -> None:
    assert language_of(text) not in (None, "en")


@pytest.mark.parametrize(
    "text",
    [
        "Sherif vozvrashchaetsya v derevnyu u morya, gde ona rodilas, i uznaet, chto brat ischez.",
        "Staryj kapitan zhivet odin u morya. Priezzhaet vnuchka, kotoruyu on nikogda ne videl.",
        "Molodoy chelovek uznaet, chto ego nevesta vyshla zamuzh za drugogo, i reshaet otomstit.",
    ],
)
def test_romanised_russian_is_no_croatian(text: str) -> None:
    assert language_of(text) == OTHER
    assert language_of("Kapetan živi sam u kući na moru, ali se njegova kći vraća.") == "hr"
    assert language_of("Mladic se vraca kuci i saznaje da je njegova devojka otisla.") == "hr"


@pytest.mark.parametrize(
    ("plot", "column", "is_contradicted"),
    [
        ("en", "ja", True),  # a Japanese film, told in English
        ("de", "en", True),
        ("zh", "en", True),
        ("en", "en", False),
        ("es", "pt", False),  # a near one: the column may know better
        ("ru", "uk", False),
        ("de", "und", False),
    ],
)
def test_a_plot_goes_before_a_column_that_cannot_be_its_own(
    plot: str, column: str, is_contradicted: bool
) -> None:
    assert contradicts(STORY[plot], column) is is_contradicted
    assert not contradicts("Rosa", column)  # what does not tell contradicts nothing


def test_every_language_has_a_name() -> None:
    assert {language_of(text) for text in STORY.values()} <= set(NAMES)
    assert NAMES[OTHER] == "an unknown language"


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("es", "es"),
        (" ES ", "es"),
        ("es-MX", "es"),
        ("pt_BR", "pt"),
        ("Spanish", "es"),
        ("nb", "no"),
        ("", ""),
        ("English, French", ""),
        ("en|fr", ""),
        ("und", OTHER),
    ],
)
def test_codes_and_names(name: str, code: str) -> None:
    assert language_code(name) == code


@pytest.mark.parametrize("name", ["xx", "Klingon", "e", "en " * 9])
def test_a_language_that_does_not_exist(name: str) -> None:
    with pytest.raises(InputError, match="is not known; give a code such as en, es or zh"):
        language_code(name)
