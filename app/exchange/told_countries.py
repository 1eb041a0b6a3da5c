"""What a row says of the countries of the organisations that it names."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.exchange.mapping_parts import Rule
from app.exchange.rejects import Refused
from app.exchange.tables.members import members_in_place, members_of
from app.exchange.transforms import TRANSFORMS
from app.kit.errors import NotAllowed

Told = tuple[list[str], str]
"""Organisations, and the code of the country that they are of: empty for one that is none."""


@dataclass(frozen=True)
class ToldCountries:
    """The countries of those that a rule names: of all of them, or of each in its turn."""

    rule: Rule
    spelled: Mapping[str, str]
    """Countries as the file has them."""

    column: str
    """The column of the countries, as the file has it."""

    key_of: Callable[[str], str]
    """What makes the key of an organisation."""

    def of(self, keys: list[str], named: str, countries: str) -> Iterator[Told]:
        """Yield what is told of organisations: their keys, the text that they were named in.

        Raises Refused for what is no country.
        """
        codes = self._codes(countries)
        if len(set(codes)) == 1 and codes[0] is not None:
            yield keys, codes[0]
        elif self.rule.in_turn and self.rule.separator:
            names = members_in_place(named, self.rule.separator, quoted=self.rule.quoted)
            if len(names) == len(codes):
                for name, code in zip(names, codes, strict=True):
                    if name and code is not None:
                        yield [self.key_of(name)], code

    def _codes(self, text: str) -> list[str | None]:
        """Return the codes, None for places without a country where places matter."""
        rule = self.rule
        names = [text.strip()]
        if rule.separator:
            read = members_in_place if rule.in_turn else members_of
            names = read(text, rule.separator, quoted=rule.quoted)
        try:
            return [self._code(name) if name else None for name in names]
        except NotAllowed as error:
            raise Refused.because(error, self.column, text.strip()) from None

    def _code(self, name: str) -> str:
        if name in self.spelled:
            return self.spelled[name]
        return str(TRANSFORMS["country"].read(name))
