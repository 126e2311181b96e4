"""Distinct, natural-sounding Dutch titles with authors who do not exist, made from word lists; the same every time."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Title:
    """A title of the catalogue."""

    name: str
    author: str
    genre: str


# Titles that patrons know by name; the older ones carry their writer.
KNOWN: tuple[Title, ...] = (
    Title("Oeroeg", "Hella S. Haasse", "roman"),
    Title("Max Havelaar", "Multatuli", "roman"),
    Title("Eline Vere", "Louis Couperus", "roman"),
    Title("De kleine Johannes", "Frederik van Eeden", "roman"),
    Title("De leeuw van Vlaanderen", "Hendrik Conscience", "roman"),
    Title("Ideeën", "Multatuli", "essay"),
    Title("Camera Obscura", "Hildebrand", "verhalen"),
    Title("Lijmen", "Willem Elsschot", "roman"),
    Title("Afke's tiental", "Nienke van Hichtum", "jeugd"),
    Title("De scheepsjongens van Bontekoe", "Johan Fabricius", "jeugd"),
)


def _words(text: str, between: str | None = None) -> tuple[str, ...]:
    return tuple(text.split(between))


_PLACES = _words(
    "Annen Appelscha Assen Axel Bergen Blankenberge Borger Brugge Damme Delft Deventer Dokkum Doesburg Durbuy Eext"
    " Enkhuizen Franeker Gent Gieten Giethoorn Harlingen Hasselt Hoorn Ieper Kampen Kortrijk Lier Leuven Lochem"
    " Maaseik Medemblik Mechelen Middelburg Norg Oostende Orvelte Ronse Rolde Sluis Sneek Stavoren Thorn Urk Veere"
    " Veurne Vlieland Westerbork Winschoten Zierikzee Zuidlaren Zutphen Zwartsluis"
)
_FIRST = _words(
    "Aïcha Anouk Bas Bente Bram Cato Chloë Daan Daniël Elif Emma Fien Finn Floor Guus Hanna Ilse Imke Ismaël Jade"
    " Jip Joëlle Joris Kaat Karel Lars Lieke Loïs Lotte Mees Mila Milan Moos Nora Noor Oscar Pim Pleun Renée Ruben"
    " Saar Sem Siem Sofie Stijn Tess Thijs Tijn Veerle Wout Yara Zoë"
)
_LAST = _words(
    "Aalbers,van den Abeele,Baeck,Beekman,van den Berghe,Boonstra,Brouwers,ter Braak,Claeys,Coppens,Dekens,Dijkgraaf,"
    "van Dommelen,Eggink,Fabriek,Goethals,de Graaff,Haverkate,Hemelrijk,IJzerman,Jansma,Kuijpers,Lamberts,Leenders,"
    "Meerman,van der Meulen,Nijland,Oosterhuis,Opdebeeck,Peeters,Pijnacker,Roelants,Schuurman,Smeyers,Tjalma,"
    "Uitterhoeve,Vandewalle,Verbrugge,Wielinga,van Wijngaarden,Zandstra,Zwartjes",
    ",",
)
_DE = _words(
    "brug vuurtoren sleutel belofte molen tuinman klokkenluider erfenis brief jas zoon dochter veerman winter zolder"
    " bakker spiegel kaart vondeling straat laan wachter koffer herberg stoker piano valk ring boomgaard schaduw"
    " visser kaper trein stilte reis ziener kolonel klimop dijk polder brand"
)
_HET = _words(
    "huis geheim eiland dagboek portret raadsel lied schip verhaal venster dorp testament feest station kasteel"
    " zwijgen meisje paard café licht park veer plein hotel museum archief water bos horloge orgel"
)
_ADJECTIVE = _words(
    "laatste verdwenen stille blauwe vergeten verre verboden lange gouden witte vreemde eerste gesloten oude tweede"
    " kleine onzichtbare rode eenzame zwarte verloren halve gele koude warme lege"
)
_YOUTH = _words(
    "draak ijsbeer schatkaart tovenaar trol piraat vulkaan robot wolf dinosaurus heks beer spookboot"
    " detective ijsvogel egel kameel uil reus"
)
_KIND = _words("kleine lieve stoute gele rode blauwe dappere vrolijke bange stille slimme")
_CRAFT = _words(
    "breien,haken,vioolspelen,schaken,fotograferen,fermenteren,zuurdesem bakken,moestuinieren,aquarelleren,fietsen,"
    "vogels kijken,programmeren,zeilen,imkeren,kalligraferen,schilderen,striptekenen,hardlopen,koken met kruiden,"
    "houtbewerken,pianospelen,kamperen,naaien,boekbinden,sterrenkijken",
    ",",
)
_SUBJECT = _words(
    "de fiets,het brood,de zee,het veen,de trein,de tulp,het water,de wind,de stad,het geld,de tijd,de haring,het bier,"
    "de kermis,de klok,het kanaal,de aardappel,de duinen,de post,het schrift,de polder,het museum,de kaart,de melk",
    ",",
)
_REGION = _words(
    "Drenthe,de Vlaamse Ardennen,de Achterhoek,het Hageland,de Westhoek,Zeeland,de Kempen,Twente,de Veluwe,Haspengouw,"
    "het Waasland,Friesland,de Biesbosch,het Pajottenland,de Betuwe,Zuid-Limburg,de Hondsrug,het Meetjesland",
    ",",
)

_Maker = Callable[[random.Random], str]
_PATTERNS: tuple[tuple[str, int, _Maker], ...] = (
    ("roman", 4, lambda r: f"De {r.choice(_DE)} van {r.choice(_PLACES)}"),
    ("roman", 3, lambda r: f"Het {r.choice(_HET)} in {r.choice(_PLACES)}"),
    ("roman", 3, lambda r: f"De {r.choice(_ADJECTIVE)} {r.choice(_DE)}"),
    ("roman", 2, lambda r: f"Het {r.choice(_ADJECTIVE)} {r.choice(_HET)}"),
    ("roman", 1, lambda r: f"Een {r.choice(('zomer', 'winter', 'jaar', 'leven', 'zondag'))} in {r.choice(_PLACES)}"),
    ("roman", 1, lambda r: f"Terug naar {r.choice(_PLACES)}"),
    ("spanning", 2, lambda r: f"Moord in {r.choice(_PLACES)}"),
    ("spanning", 2, lambda r: f"De {r.choice(_DE)} zonder {r.choice(('naam', 'verleden', 'einde', 'licht', 'thuis'))}"),
    ("jeugd", 4, lambda r: f"{r.choice(_FIRST)} en de {r.choice(_YOUTH)}"),
    ("jeugd", 4, lambda r: f"{r.choice(_FIRST)} en het {r.choice(_HET)}"),
    ("jeugd", 2, lambda r: f"De {r.choice(_YOUTH)} van groep {r.randint(3, 8)}"),
    ("prentenboek", 2, lambda r: f"Slaap lekker, {r.choice(_KIND)} {r.choice(_YOUTH)}"),
    ("hobby", 1, lambda r: f"{r.choice(_CRAFT).capitalize()} voor beginners"),
    ("hobby", 1, lambda r: f"Het grote boek over {r.choice(_CRAFT)}"),
    ("reizen", 1, lambda r: f"{r.choice(('Wandelen', 'Fietsen', 'Eten', 'Logeren'))} in {r.choice(_REGION)}"),
    ("geschiedenis", 2, lambda r: f"Een kleine geschiedenis van {r.choice(_SUBJECT)}"),
    ("geschiedenis", 3, lambda r: f"{r.choice(_PLACES)} in {r.randint(1880, 1990)}"),
    ("poëzie", 1, lambda r: f"Gedichten over {r.choice(_SUBJECT)}"),
)


def titles(seed: int) -> Iterator[Title]:
    """Titles without end, none twice and none of the known ones. The same seed gives the same titles."""
    chance = random.Random(seed)
    used = {one.name for one in KNOWN}
    weights = [weight for _, weight, _ in _PATTERNS]
    while True:
        genre, _, make = chance.choices(_PATTERNS, weights)[0]
        name = make(chance)
        if name not in used:
            used.add(name)
            yield Title(name, f"{chance.choice(_FIRST)} {chance.choice(_LAST)}", genre)
