"""An audit of a library: all findings, the surest first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from genreel.audit.checks import duplicate_findings, name_findings, poster_findings
from genreel.audit.findings import KINDS, Finding, empty_findings, genre_findings
from genreel.audit.judgement import Judgement, judge
from genreel.catalogue import Movie
from genreel.films.films import Films
from genreel.predictor import Predictor


@dataclass(frozen=True, eq=False)
class Report:
    """What an audit found.

    Attributes:
        judgement: every cell.
        findings: by kind in the order of KINDS; of a kind, the surest first.
    """

    judgement: Judgement
    findings: Sequence[Finding]

    def counts(self) -> dict[str, int]:
        """Kind → findings."""
        counts = Counter(finding.kind for finding in self.findings)
        return {kind: counts[kind] for kind in KINDS if counts[kind]}


def audit(
    predictor: Predictor,
    movies: Iterable[Movie],
    *,
    films: Films | None = None,
    names: Mapping[str, Sequence[str]] | None = None,
    taxonomy: str = "mixed",
    language: str = "",
    has_posters: bool = True,
    least: float = 0.5,
) -> Report:
    """Audits a library.

    Args:
        predictor, movies, films, language, has_posters: as in `judge`.
        names: id → what the movie's genres are called there.
        taxonomy: that these names speak.
        least: probability from which a genre counts as wrong or missing, in [0, 1].
    """
    judgement = judge(predictor, movies, films=films, language=language, has_posters=has_posters)
    findings = [
        *genre_findings(judgement, least),
        *empty_findings(judgement),
        *duplicate_findings(judgement.movies),
        *name_findings(names or {}, taxonomy),
        *(poster_findings(judgement.movies, films) if films else ()),
    ]
    kinds = list(KINDS)
    findings.sort(key=lambda finding: (kinds.index(finding.kind), -finding.sure))
    return Report(judgement, findings)
