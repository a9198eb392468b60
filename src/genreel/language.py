"""Tells which language a text is written in, so that a model is not asked what it cannot read.

Two kinds of evidence, both from tables of this file: the script of the letters, and, for scripts
that many languages share, how many of the words are function words ("the", "und", "los") of each
language. Such words make up a third to a half of running text in nearly every language
(Zipf 1935; for identification: Damashek 1995, Lui & Baldwin 2012). Names and titles hold few of
them: where the evidence is thin the answer is None, never a guess.
"""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from genreel.characters import unescape, words_of
from genreel.errors import InputError

# Characters that are looked at: the first lines tell a language as well as the whole text.
_LENGTH = 500

# A text is in a language of the Latin script where at least so many of its words, and at least
# this share of them, are function words of that language, which must have so many times the
# evidence for English. Chosen on English plots (0.09 % of 31,785 are refused, and nearly all of
# those are in another language) and on plots of 13 other languages.
_FEWEST_WORDS = 3
_SMALLEST_SHARE = 0.1
_MARGIN = 1.3

# Surely English, without a look at other languages. Running English has a share of 0.4 to 0.5.
_ENGLISH_SHARE = 0.3

# With so many words in small letters (names have capitals) and no function word of English
# among all its words, a text is not English, whatever it is.
_WORDS_WITHOUT = 10

OTHER = "und"
"""ISO 639-2's code for a language that is not determined: running text in none of the table."""

NAMES: Mapping[str, str] = {
    "af": "Afrikaans",
    "am": "Amharic",
    "ar": "Arabic",
    "az": "Azerbaijani",
    "be": "Belarusian",
    "bg": "Bulgarian",
    "bn": "Bengali",
    "ca": "Catalan",
    "cs": "Czech",
    "cy": "Welsh",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "eo": "Esperanto",
    "es": "Spanish",
    "et": "Estonian",
    "eu": "Basque",
    "fa": "Persian",
    "fi": "Finnish",
    "fr": "French",
    "ga": "Irish",
    "gl": "Galician",
    "gu": "Gujarati",
    "he": "Hebrew",
    "hi": "Hindi",
    "hr": "Croatian",
    "hu": "Hungarian",
    "hy": "Armenian",
    "id": "Indonesian",
    "is": "Icelandic",
    "it": "Italian",
    "ja": "Japanese",
    "ka": "Georgian",
    "kk": "Kazakh",
    "km": "Khmer",
    "kn": "Kannada",
    "ko": "Korean",
    "lo": "Lao",
    "lt": "Lithuanian",
    "lv": "Latvian",
    "mk": "Macedonian",
    "ml": "Malayalam",
    "mn": "Mongolian",
    "ms": "Malay",
    "my": "Burmese",
    "nl": "Dutch",
    "no": "Norwegian",
    "or": "Odia",
    "pa": "Punjabi",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "si": "Sinhala",
    "sk": "Slovak",
    "sl": "Slovenian",
    "sq": "Albanian",
    "sr": "Serbian",
    "sv": "Swedish",
    "sw": "Swahili",
    "ta": "Tamil",
    "te": "Telugu",
    "th": "Thai",
    "tl": "Tagalog",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "ur": "Urdu",
    "vi": "Vietnamese",
    "zh": "Chinese",
    OTHER: "an unknown language",
}
"""ISO 639-1 code → English name, of every language that can be the answer."""

_OLD_CODES = {"nb": "no", "nn": "no", "iw": "he", "in": "id", "fil": "tl", "cmn": "zh"}

# Function words by language. A word may stand in several; it then speaks for each.
_WORDS: Mapping[str, str] = {
    "en": """the a an of and to in is his her with for on that he she who from by as their it at
        they are when be into has but after him have not this one an was were will about which
        been or them its out while only what up must all than where had there before during
        between so if can no through other both own does did do how because until two more
        himself herself themselves himself whose most against also over off down then you your
        we our my me i would could should being having some any every each just very now""",
    "es": """el la los las de del y que en un una unos unas es se su sus con por para lo al como
        pero más cuando donde ha han está están son fue era ser tras entre sobre hasta sin este
        esta estos estas ese esa eso aquel él ella ellos ellas quien quienes le les muy ya
        también sólo todo todos toda todas mientras desde durante contra otro otra otros porque
        no ni si hay tiene tienen hacer puede dos así después antes años""",
    "pt": """o os as de do da dos das e que em um uma uns umas é se seu sua seus suas com por
        para no na nos nas ao à aos às como mas mais quando onde foi são está estão ser após
        entre sobre até sem este esta estes estas esse essa isso ele ela eles elas quem lhe
        muito já também só todo todos toda todas enquanto desde durante contra outro outra
        outros porque não nem há tem têm fazer pode dois depois antes pelo pela num numa""",
    "gl": """o os as do da dos das e que en un unha uns unhas é se seu súa seus súas con por
        para no na nos nas ao á aos ás como pero máis cando onde foi son está están ser tras
        ata sen este esta estes eles elas quen moi xa tamén só todo todos mentres dende outro
        non hai ten teñen facer pode despois antes polo pola nunha""",
    "ca": """el la els les de del dels i que en un una uns unes és es seu seva seus seves amb
        per per a al als com però més quan on ha han està estan són va ser entre sobre fins
        sense aquest aquesta aquests aquestes ell ella ells elles qui molt ja també només tot
        tots tota totes mentre des durant contra altre altra altres perquè no ni hi té tenen
        fer pot dos després abans pels""",
    "fr": """le la les l de du des d et que qu qui en un une est se son sa ses leur leurs avec
        par pour dans au aux comme mais plus quand où a ont sont était être après entre sur
        jusqu sans ce cet cette ces il elle ils elles lui dont très déjà aussi tout tous toute
        toutes pendant depuis contre autre autres parce ne pas ni si y fait faire peut deux
        alors avant vers chez sous même c n j""",
    "it": """il lo la i gli le l di del della dei delle dello degli e che chi in un una uno è si
        suo sua suoi sue loro con per da dal dalla dai dalle nel nella nei nelle al alla ai alle
        come ma più quando dove ha hanno sono era essere dopo tra fra su sul sulla fino senza
        questo questa questi queste egli lui lei cui molto già anche solo tutto tutti tutta
        tutte mentre durante contro altro altra altri perché non né se c fare può due così
        prima ad ed""",
    "ro": """și si de la în in un o unei unui pe cu pentru din este sunt se să sa care că ca nu
        mai dar când unde a al ale ai lui ei lor fi fost după între până fără acest această
        acești acea el ea ele cine foarte deja tot toți toate timp contra alt alta pentru că
        ce are au face poate doi printr într prin își îi le""",
    "de": """der die das den dem des und in im ist ein eine einen einem einer eines sich sein
        seine seinen seinem seiner ihr ihre ihren ihrem mit für auf von vom zu zum zur als wie
        aber mehr wenn wo hat haben sind war wird werden nach zwischen über bis ohne dieser
        diese dieses er sie es wer sehr schon auch nur alle alles während seit gegen andere
        weil nicht noch so kann können zwei dann vor bei aus um dass doch durch einst""",
    "nl": """de het een en van in is zijn haar hun met voor op te ten ter als maar meer wanneer
        waar heeft hebben was wordt worden na tussen over tot zonder deze dit die dat hij zij ze
        wie zeer al ook alleen alle alles terwijl sinds tegen andere omdat niet nog zo kan
        kunnen twee dan bij uit om door naar aan er zich hem""",
    "af": """die 'n van en in is sy haar hul hulle met vir op te as maar meer wanneer waar het
        was word na tussen oor tot sonder hierdie hy wie baie ook net alle terwyl teen ander
        omdat nie nog so kan twee dan by uit om deur aan""",
    "sv": """och i att en ett det som på är av för med den till har de inte om sin sina sitt hans
        hennes deras men mer när där var blir efter mellan över utan denna detta dessa han hon
        vem mycket redan också bara alla allt medan sedan mot andra eftersom ej än så kan två
        från vid ut upp sig honom henne man""",
    "da": """og i at en et det som på er af for med den til har de ikke om sin sine sit hans
        hendes deres men mere når hvor var bliver efter mellem over uden denne dette disse han
        hun hvem meget allerede også kun alle alt mens siden mod andre fordi end så kan to fra
        ved ud op sig ham hende""",
    "no": """og i at en et det som på er av for med den til har de ikke om sin sine sitt hans
        hennes deres men mer når hvor var blir etter mellom over uten denne dette disse han hun
        hvem mye allerede også bare alle alt mens siden mot andre fordi enn så kan to fra ved ut
        opp seg ham henne""",
    "is": """og í að er á sem til með við um það hann hún þeir þær þau en ekki var af fyrir frá
        eftir hans hennar þeirra sig sér sinn sína þegar þar milli yfir án þessi þetta allt allir
        tveir verður hefur""",
    "fi": """ja on ei se hän joka jonka että mutta kun kuin hänen heidän oli ovat myös vain niin
        nyt ne he tämä tämän kaikki sekä vaan mukaan jälkeen kanssa välillä ilman mitä missä
        jossa joita olla eivät hänet heitä itsensä kaksi ennen vielä jo saa tulee""",
    "et": """ja on ei see ta tema kes mis et aga kui oma nende oli ka ainult nii nüüd need nad
        kõik pärast koos vahel ilma kus olema kuid ning välja kaks enne veel juba tuleb saab
        poolt üle""",
    "hu": """a az és egy hogy nem is van ki aki ami de mint meg már csak el vagy azt ezt ez ők
        volt lesz után között nélkül amikor ahol minden mert két még fel be majd saját neki
        akik akit amely miközben férfi nő""",
    "pl": """i w na z się nie do jest że o jak to za od po przez dla jego jej ich który która
        które którzy ale gdy kiedy gdzie był była są przed między nad bez ten ta te tego on ona
        oni one kto bardzo już także tylko wszystko wszyscy podczas inny może dwa swoje swoją
        swojego swoim ze pod aby co ma""",
    "cs": """a v na z se ne do je že o jak to za od po pro jeho její jejich který která které
        kteří ale když kde byl byla jsou před mezi nad bez ten ta ti toho on ona oni kdo velmi
        už také jen všechno všichni během jiný může dva své svou svého svým ve si ze pod aby
        co má však i""",
    "sk": """a v na z sa nie do je že o ako to za od po pre jeho jej ich ktorý ktorá ktoré ktorí
        ale keď kde bol bola sú pred medzi nad bez ten tá tí toho on ona oni kto veľmi už tiež
        len všetko všetci počas iný môže dva svoje svoju svojho svojím vo si zo pod aby čo má
        však aj""",
    "sl": """in v na z se ne do je da o kot to za od po pri njegov njen njihov ki ko ampak kjer
        bil bila so pred med nad brez ta ti tega on ona oni kdo zelo že tudi samo vse vsi drugi
        lahko dva svoje svojo iz pod kar ima pa ga jo jih""",
    "hr": """i u na s se ne do je da o kao to za od po kod njegov njezin njihov koji koja koje
        ali kada gdje bio bila su prije između nad bez taj ta te toga on ona oni tko vrlo već
        također samo sve svi drugi može dva svoje svoju iz pod što ima ga ih nakon sa će""",
    "lt": """ir į su iš kad yra ne jis ji jie jos jo bet kai kur buvo po prie tarp be šis ši tai
        kas labai jau taip pat tik visi viskas kitas gali du savo už per apie o kuris kuri""",
    "lv": """un ir ar no ka uz par ne viņš viņa viņi bet kad kur bija pēc pie starp bez šis šī
        tas kas ļoti jau arī tikai visi viss cits var divi savu savas lai kurš kura tā""",
    "tr": """ve bir bu da de için ile çok ne daha gibi kadar olan olarak ama sonra her onun o en
        var değil iki ya şey ki kendi ise hem veya göre ancak tüm eder olur ettiği olduğu
        arasında üzere birlikte genç adam kadın film yeni onu ona artık""",
    "az": """və bir bu da də üçün ilə çox nə daha kimi qədər olan olaraq amma sonra hər onun o ən
        var deyil iki ya öz isə həm""",
    "id": """yang dan di dari untuk dengan ini itu ke pada seorang adalah tidak dalam akan oleh
        mereka dia ia juga karena saat telah sebuah bisa ada para namun setelah ketika tetapi
        bahwa hanya semua antara tanpa dua sang menjadi""",
    "ms": """yang dan di dari untuk dengan ini itu ke pada seorang adalah tidak dalam akan oleh
        mereka dia ia juga kerana telah sebuah boleh ada para namun selepas apabila tetapi
        bahawa hanya semua antara tanpa dua""",
    "tl": """ang ng sa na mga at ay si ni ito kanyang isang hindi para kung nang siya sila niya
        nila may kay upang dahil ngunit lahat bilang mula""",
    "vi": """và của là một những các cho không người được trong với có để đã khi này cô anh từ
        đến ra vào nhưng cũng họ mình về sau tại bị phải như""",
    "sw": """na ya wa kwa ni katika za la cha vya kuwa yake yao hii huo huyo lakini baada bila
        wakati ambao ambaye kama pia wote mmoja""",
    "eu": """eta da ez bat du zen bere dira baina izan horrek hau duen den dute ere egin ondoren
        beste gabe""",
    "ga": """agus an na ar go is le i a ag tá bhí sé sí siad ach nuair mar atá chun den don""",
    "cy": """a yn y yr i ar o mae ei eu wedi gan ond pan ac sydd bod am hyn""",
    "sq": """dhe të në një e i për me nga është që së si por kur ku ishte janë pas mes pa ky kjo
        ai ajo ata kush shumë vetëm gjithë tjetër dy tij saj""",
    "eo": """la kaj de en estas al li ŝi ili kun por sed kiam kie kiu kiuj ke ne sia siaj post
        inter sen ĉi tiu ĉiuj du el""",
    "ja": """wa ga wo ni koto sono kono kara desu shita shite suru iru nai mono sore kare kanojo""",
    "hi": """hai ka ke ki ko mein se aur ek par ne nahi hain kya yeh woh bhi jo apne apni liye
        kar tha thi the hota hoti raha rahi uska uski iske""",
    "ru": """и в на с не что он она они его её ее их как по из к но за от для который которая
        которые когда где был была это а о же так все до после между без у под во со чтобы уже
        только своей своего свою свой себя может если или ему ей им""",
    "uk": """і в у на з не що він вона вони його її їх як по із до але за від для який яка які
        коли де був була це а про та й так все після між без під чи щоб вже тільки своєї свого
        свою себе може якщо або йому їй їм""",
    "be": """і ў у на з не што ён яна яны яго яе іх як па да але за ад для які якая якія калі дзе
        быў была гэта а пра так усё пасля паміж без""",
    "bg": """и в на с не че той тя те го я ги как по от но за който която които когато къде беше
        е са да се това а до след между без под във със вече само свой може ако или му им ще
        един една""",
    "sr": """и у на с не да он она они га је их као по из к али за од који која које када где био
        била су то а о се све до после између без под већ само свој може ако или му им""",
    "mk": """и во на со не дека тој таа тие го ја ги како по од но за кој која кои кога каде беше
        е се да тоа а до по меѓу без под веќе само својот може ако или му им ќе еден една""",
    "kk": """және бір бұл мен үшін да де ол оның бар жоқ деп болып осы сол кейін бірақ""",
    "mn": """нь бол энэ юм ба тэр болон байна гэж хүн нэг""",
    "ar": """في من على إلى عن مع هذا هذه التي الذي أن إن كان كانت ما لا لم بعد قبل بين حتى ثم
        أو و هو هي هم كل عندما حيث خلال يتم به بها""",
    "fa": """در از به با که را این آن برای است یک می شود او و بر تا اما خود پس هم کرده شده است
        دو""",
    "ur": """کے کی کا میں ہے سے کو اور پر نے ایک یہ وہ کہ ہیں اس""",
}

# Languages whose short texts are easily taken for each other.
_FAMILIES = (
    *({"es", "pt", "gl", "ca", "fr", "it", "ro"}, {"da", "no", "sv"}, {"af", "nl"}, {"cs", "sk"}),
    *({"hr", "sl", "sr"}, {"be", "bg", "mk", "ru", "sr", "uk"}, {"id", "ms"}, {"az", "tr"}),
    *({"ar", "fa", "ur"}, {"ja", "zh"}, {"kk", "mn", "ru"}),
)

# Letters that only one language of the table writes, as ranges of a regular expression. Kana
# marks Japanese, which also writes the Han characters that stand for Chinese.
_LETTERS: Mapping[str, str] = {
    "am": "\u1200-\u139f",
    "bn": "\u0980-\u09ff",
    "el": "\u0370-\u03ff\u1f00-\u1fff",
    "gu": "\u0a80-\u0aff",
    "he": "\u0590-\u05ff",
    "hi": "\u0900-\u097f",
    "hy": "\u0530-\u058f",
    "ja": "\u3040-\u30ff\u31f0-\u31ff\uff66-\uff9f",
    "ka": "\u10a0-\u10ff",
    "km": "\u1780-\u17ff",
    "kn": "\u0c80-\u0cff",
    "ko": "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af",
    "lo": "\u0e80-\u0eff",
    "ml": "\u0d00-\u0d7f",
    "my": "\u1000-\u109f",
    "or": "\u0b00-\u0b7f",
    "pa": "\u0a00-\u0a7f",
    "si": "\u0d80-\u0dff",
    "ta": "\u0b80-\u0bff",
    "te": "\u0c00-\u0c7f",
    "th": "\u0e00-\u0e7f",
    "zh": "\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003134f",
}

# Japanese mixes Han characters and kana; so many kana of them, and a text is Japanese.
_KANA = 0.05

# Fewer letters of a script than these are no evidence: a name, a word on a sign.
_FEWEST_LETTERS = 8

_CYRILLIC = ("ru", "uk", "be", "bg", "sr", "mk", "kk", "mn")
_ARABIC = ("ar", "fa", "ur")

# Not the letters of an abbreviation: "U.N.C.L.E." has no "e".
_WORD = re.compile(r"(?<![^\W\d_]\.)\b[^\W\d_]+\b(?!\.[^\W\d_])")
_LATIN_LETTER = re.compile(r"[A-Za-z\u00aa-\u024f\u1e00-\u1eff]")
_OTHER_LETTER = re.compile(r"[^\W\d_A-Za-z\u00aa-\u024f\u1e00-\u1eff]")
_CYRILLIC_LETTER = re.compile(r"[\u0400-\u052f]")
_ARABIC_LETTER = re.compile(r"[\u0600-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]")
_ENGLISH = frozenset(_WORDS["en"].split())


@functools.cache
def _own_letters() -> dict[str, re.Pattern[str]]:
    return {code: re.compile(f"[{ranges}]") for code, ranges in _LETTERS.items()}


@functools.cache
def _weights(script: str) -> dict[str, list[tuple[str, float]]]:
    """Word -> languages it speaks for, with the weight: 1 over the root of their number.

    Args:
        script: "latin", "cyrillic" or "arabic".
    """
    others = {"cyrillic": _CYRILLIC, "arabic": _ARABIC}
    codes = others.get(script) or [code for code in _WORDS if code not in _CYRILLIC + _ARABIC]
    languages: dict[str, list[str]] = {}
    for code in codes:
        for word in set(_WORDS[code].split()):
            languages.setdefault(word, []).append(code)
    return {
        word: [(code, len(speakers) ** -0.5) for code in speakers]
        for word, speakers in languages.items()
    }


def language_of(text: str) -> str | None:
    """The language that a text is written in, as far as it tells.

    Args:
        text: a plot, a title, what is printed on a poster; of any length.

    Returns:
        A code of NAMES; OTHER for running text in none of these languages; None where the text
        is short, or holds too few words that tell.
    """
    if "&" in text[:_LENGTH]:  # of a page: "&#1064;" is one letter
        text = unescape(text[: 8 * _LENGTH])
    text = text[:_LENGTH]
    if not text.isascii() and len(_OTHER_LETTER.findall(text)) > len(_LATIN_LETTER.findall(text)):
        return _language_of_letters(text[:200])
    # Most texts need no closer look. Words with digits count as words here, so it is the stricter.
    if text.isascii() and not _has_abbreviation(text) and _is_english(words_of(text)):
        return "en"
    words = _WORD.findall(text)
    small = [word.lower() for word in words]
    if _is_english(small):
        return "en"
    english = sum(map(_ENGLISH.__contains__, small))
    strengths, counts = _evidence(small, _weights("latin"))
    of_english = strengths.pop("en", 0.0)
    likeliest = max(strengths, key=strengths.__getitem__, default=OTHER)
    if (
        counts[likeliest] >= max(_FEWEST_WORDS, _SMALLEST_SHARE * len(words))
        and strengths[likeliest] >= _MARGIN * of_english
    ):
        return likeliest
    if not english and sum(map(str.islower, words)) >= _WORDS_WITHOUT:
        return OTHER
    return "en" if english > 1 and of_english > strengths.get(likeliest, 0.0) else None


def contradicts(text: str, code: str) -> bool:
    """Whether a text is surely in another language than `code`, and not in a near one of it.

    Args:
        text: a plot.
        code: of NAMES.
    """
    likeliest = language_of(text)
    if likeliest in (None, OTHER, code) or code == OTHER:
        return False
    return not any(likeliest in family and code in family for family in _FAMILIES)


def language_code(name: str) -> str:
    """The code of NAMES for what a person calls a language: "es", "es-MX", "Spanish".

    Args:
        name: a code of ISO 639-1 (a region behind it does not count), or an English name.

    Returns:
        A code; "" for blank text, and for several languages: a film's, not a plot's.

    Raises:
        InputError: no language of NAMES is called so.
    """
    plain = name.strip().casefold()
    if not plain or re.search(r"[,;|/]", plain):
        return ""
    code = re.split("[-_]", plain)[0]
    code = _OLD_CODES.get(code, code)
    by_name = {text.casefold(): key for key, text in NAMES.items()}
    if code not in NAMES and plain not in by_name:
        raise InputError(
            f"language {name.strip()[:40]!r} is not known; give a code such as en, es or zh, or "
            f"{OTHER} for one that is not among them"
        )
    return by_name.get(plain, code)


def _language_of_letters(text: str) -> str | None:
    """The language of a text most of whose letters are not Latin; None for a few letters only."""
    counts = {code: len(letter.findall(text)) for code, letter in _own_letters().items()}
    if counts["ja"] > _KANA * counts["zh"]:
        counts["ja"] += counts["zh"]
    counts["ru"] = len(_CYRILLIC_LETTER.findall(text))
    counts["ar"] = len(_ARABIC_LETTER.findall(text))
    code = max(counts, key=counts.__getitem__)
    if counts[code] < _FEWEST_LETTERS:
        return None
    script = {"ru": "cyrillic", "ar": "arabic"}.get(code)
    if script is None:
        return code
    # The commonest language of a script is the answer where no function word speaks for another.
    small = [word.lower() for word in _WORD.findall(text)]
    strengths, _ = _evidence(small, _weights(script))
    return max(strengths, key=strengths.__getitem__, default=code)


def _is_english(words: Sequence[str]) -> bool:
    """Whether words in small letters are surely English."""
    count = sum(map(_ENGLISH.__contains__, words))
    return count >= _FEWEST_WORDS and count >= _ENGLISH_SHARE * len(words)


def _has_abbreviation(text: str) -> bool:
    """Whether there may be one, such as "U.S.": a dot in front of a letter."""
    return any(part[:1].isalpha() for part in text.split(".")[1:])


def _evidence(
    words: Sequence[str], weights: Mapping[str, list[tuple[str, float]]]
) -> tuple[dict[str, float], Counter[str]]:
    """By language, the weight and the number of function words among `words` (small letters)."""
    strengths: dict[str, float] = {}
    counts: Counter[str] = Counter()
    for word in words:
        for code, weight in weights.get(word, ()):
            strengths[code] = strengths.get(code, 0.0) + weight
            counts[code] += 1
    return strengths, counts
