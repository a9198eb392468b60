"""Texts that stand where nobody wrote a plot: "Plot unknown.", "No overview found.", "N/A"."""

from __future__ import annotations

import functools
import re
from unicodedata import category

from genreel.characters import unescape

MAX_LENGTH = 250
"""Characters; a longer text is a plot, whatever it says."""

_NOUN = (
    r"(?:(?:plot|movie|film|story|official|english)[ -]?)?"
    r"(?:plot|overview|synops[ie]s|description|summar(?:y|ies)|story ?line|outline|logline|premise"
    r"|story(?= (?:details|info)))"
    r"(?: (?:details?|summary|outline|synopsis|information|info|text|description))?"
)
_DONE = (
    r"(?:available|found|known|given|announced|revealed|disclosed|released|provided|added|written"
    r"|translated|determined|confirmed|specified|entered|set|supplied|published|recorded|listed)"
)
_YET = (
    r"(?:[ ,]+(?:yet|at this time|at the moment|at present|for now|so far|currently|here|online"
    r"|(?:for|of|in|on) (?:this|the|our|your) \w+(?: \w+)?(?: yet)?|in english|to public))*"
)
_NONE = (
    rf"(?:(?:not|never|nothing)(?: yet| been| currently| publicly| is)* {_DONE}"
    rf"|(?:yet )?(?:to be|will be) (?:\w+ly )?{_DONE}(?: soon| later)?|to (?:come|follow)"
    r"|(?:being |been |currently |still )*(?:kept |held )?(?:\w+ly )?(?:under wraps|secret)"
    r"|unknown|unavailable|missing|undisclosed|unspecified|undetermined|empty|pending|blank"
    r"|classified|confidential|coming (?:soon|later)|forthcoming|t\.?b\.?[acd]\.?|n\W{0,3}a|none"
    r"|null|nil|nan|undefined|under construction|work in progress|placeholder|no data"
    r"|no info(?:rmation)?)"
)
_BE = r"(?: (?:is|are|was|were|has|have|been|be|being|still|currently|as|of|yet|remains?|kept))*"
_OF = r"(?: (?:of|for|about) (?:this|the) \w+)?"
_ENGLISH = (
    r"(?:(?:the|this|a|its|any|all|further|more|other|current) )*"
    rf"{_NOUN}{_OF}\W*{_BE}\W*{_NONE}{_YET}",
    rf"(?:no )?(?:details?|information|info|specifics)(?: {_OF})?{_BE}\W*(?:{_NONE}|{_DONE}){_YET}",
    rf"{_NONE}{_YET}",
    rf"(?:currently |still |sorry,? )?(?:no|missing|without|untranslated)(?: an?| any| known"
    rf"| official| valid)? {_NOUN}"
    rf"(?: (?:is|was|has|have|been|yet|currently|were))*(?: {_DONE})?{_YET}"
    r"(?:\W+(?:please |be |help |add |why |you ).*)?",
    rf"(?:please |click (?:here )?(?:to )?|be the first to )?(?:add|write|contribute|enter|submit"
    rf"|provide|insert|edit)(?: an?| the| your| one)? (?:\w+ )?{_NOUN}{_YET}(?:[ .]+\(.*\))?",
    r"(?:\w+,? )?(?:it (?:looks|seems) like )?(?:that )?(?:we|\w+db|this \w+) "
    r"(?:currently |still )?(?:do(?:es)?n't|do(?:es)? not|haven't|hasn't) "
    r"(?:currently |yet |still )?(?:have |got |know )?"
    rf"(?:an?|any|the) (?:\w+ )?{_NOUN}\b.*",
    rf"(?:we|\w+db) (?:currently |still )?(?:have|has|know) no {_NOUN}\b.*",
    r"(?:sorry\W+|unfortunately\W+)?there (?:is|are|was) (?:currently |as yet |yet )?(?:no|not any)"
    rf" {_NOUN}(?: (?:is|currently|was))*(?: {_DONE}|(?=\W|$)){_YET}",
    r"be the first to (?:contribute|add|write).*",
    rf"(?:the |this )?{_NOUN} (?:could not|couldn't|cannot|can't) be (?:found|loaded|fetched).*",
    r"lorem ipsum.*",
)
# What is there, or is not, in languages with much of the world's movies.
_OTHERS = (
    r"(?:leider )?(?:noch )?kein(?:e|en)? (?:\w+ )?(?:beschreibung|inhaltsangabe|handlung"
    r"|zusammenfassung"
    r"|übersicht|inhalt|angaben?|plot)\b.{0,60}",
    r"(?:die )?(?:beschreibung|handlung|inhaltsangabe)(?: ist)? (?:noch )?(?:nicht (?:verfügbar"
    r"|bekannt"
    r"|vorhanden)|unbekannt).{0,20}",
    r"(?:es wurde|wir haben|es gibt|es liegt) (?:\w+ ){0,2}keine? (?:\w+ )?(?:beschreibung"
    r"|inhaltsangabe"
    r"|übersicht|handlung|übersetz\w+)\b.{0,120}",
    r"(?:pas (?:encore )?de|aucune?|nous n'avons pas (?:encore )?(?:de|d')) ?(?:résumé|synopsis"
    r"|description|aperçu|intrigue)\b.{0,120}",
    r"(?:le )?(?:résumé|synopsis|description) (?:est )?(?:non|indisponible|inconnue?"
    r"|à venir).{0,30}",
    r"(?:sin|no hay|no tenemos|no existe|aún no hay|todavía no hay)(?: una?| ninguna?)?"
    r" (?:sinopsis|descripción|resumen|argumento|trama)\b.{0,120}",
    r"(?:la )?(?:sinopsis|descripción|resumen|trama)(?: es| está)? (?:no disponible|desconocida"
    r"|pendiente).{0,20}",
    r"(?:nessuna|non (?:abbiamo|c'è|è disponibile))(?: una| ancora| la)*"
    r" (?:trama|sinossi|descrizione|panoramica)\b.{0,120}",
    r"(?:la )?(?:trama|sinossi|descrizione)(?: è)? (?:non (?:ancora )?disponibile"
    r"|sconosciuta).{0,20}",
    r"(?:sem|não (?:há|temos|existe))(?: uma| nenhuma)? (?:sinopse|descrição|resumo"
    r"|enredo)\b.{0,120}",
    r"(?:a )?(?:sinopse|descrição|resumo)(?: está)? (?:não disponível|indisponível"
    r"|desconhecida).{0,20}",
    r"(?:geen|er is (?:nog )?geen) (?:beschrijving|samenvatting|overzicht|plot|synopsis)\b.{0,60}",
    r"ingen (?:beskriv(?:ning|else)|handling|oversi(?:gt|kt)|översikt|sammanfattning)\b.{0,60}",
    r"ei (?:kuvausta|juonta|juonikuvausta)\b.{0,40}",
    r"brak (?:opisu|fabuły|streszczenia)\b.{0,40}|opis (?:jest )?niedostępny",
    r"(?:popis|děj)(?: filmu)? (?:není|nie je) .{0,30}|bez popisu|žádný popis.{0,30}",
    r"nincs (?:leírás|tartalom|ismertető)\b.{0,30}|(?:açıklama|özet|konu) (?:yok|bulunm\w+"
    r"|mevcut değil)",
    r"нет (?:описания|обзора|сюжета)\b.{0,40}|(?:описание|сюжет|обзор) (?:отсутствует|неизвестен"
    r"|не (?:найден|указан|добавлен|доступ)\w*).{0,30}|без описания|опис (?:відсутній|недоступний)",
    r"(?:暂无|暫無|没有|尚无|尚無)(?:\w{0,4})(?:简介|簡介|剧情|劇情|概述|描述|介绍|介紹)",
    r"(?:あらすじ|概要|説明|ストーリー)(?:は|が)?(?:まだ)?(?:ありません|なし|未定|不明|準備中|登録されていません)",
    r"(?:줄거리|개요|설명|시놉시스)\w{0,2} ?(?:없음|없습니다|정보 ?없음|미정)",
    r"(?:لا يوجد|لا توجد) (?:وصف|ملخص|قصة)\b.{0,30}|אין (?:תקציר|תיאור)\b.{0,30}",
)
_TAG = re.compile(r"<[^<>]{0,80}>")
_WORDS = re.compile(r"[^\W_](?:.*[^\W_])?", re.DOTALL)  # from the first letter to the last


def is_placeholder(text: str) -> bool:
    """Whether a plot says that there is none, be it in HTML or brackets, or is a mark: "-", "?"."""
    return len(text) <= 2 * MAX_LENGTH and _is_placeholder(text)


@functools.lru_cache(1000)  # each feature that reads a plot asks
def _is_placeholder(text: str) -> bool:
    if "<" in text or "&" in text:
        text = _TAG.sub(" ", unescape(text))
    words = _WORDS.search(text.casefold().replace("’", "'"))
    if not words:
        return all(character.isspace() or category(character)[0] == "P" for character in text)
    text = words[0]
    if "  " in text or not text.isprintable():  # white space but single spaces
        text = " ".join(text.split())
    return len(text) <= MAX_LENGTH and bool(_pattern().fullmatch(text))


@functools.cache
def _pattern() -> re.Pattern[str]:
    """Compiled at the first plot, as it takes longer than to read a poster."""
    return re.compile("|".join((*_ENGLISH, *_OTHERS, "released")), re.DOTALL)
