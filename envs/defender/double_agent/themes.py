"""Names for the nodes of the universe: fifteen themes, each with a word for every level and endings for its names.

A name is a stem and an ending; a level has endings of its own, so no two nodes share a name. Which stems a scenario uses
follows from its number alone, never from the truth.
"""

from __future__ import annotations

from functools import lru_cache

from envs.keys import below, fold

__all__ = ["LABELS", "THEMES", "labels", "named"]

_STEMS = [
    "Alder",
    "Amber",
    "Arden",
    "Ashby",
    "Aspen",
    "Barlow",
    "Beacon",
    "Birch",
    "Bramble",
    "Briar",
    "Calder",
    "Canyon",
    "Cedar",
    "Cinder",
    "Clover",
    "Coral",
    "Corin",
    "Crane",
    "Dale",
    "Dorian",
    "Eden",
    "Elgin",
    "Ember",
    "Fable",
    "Falcon",
    "Fenwick",
    "Fern",
    "Fjord",
    "Garnet",
    "Glade",
    "Glenn",
    "Granite",
    "Hadley",
    "Harbor",
    "Hazel",
    "Heron",
    "Hollis",
    "Indigo",
    "Iris",
    "Ivory",
    "Jasper",
    "Juniper",
    "Keeler",
    "Kestrel",
    "Lark",
    "Laurel",
    "Linden",
    "Lowell",
    "Maple",
    "Marlow",
    "Meadow",
    "Merlin",
    "Mica",
    "Nestor",
    "Oakley",
    "Olive",
    "Onyx",
    "Opal",
    "Orchard",
    "Osprey",
    "Pearl",
    "Perrin",
    "Pine",
    "Quarry",
    "Quill",
    "Raven",
    "Redwood",
    "Ridge",
    "Rowan",
    "Rushby",
    "Saffron",
    "Sable",
    "Sorrel",
    "Sterling",
    "Summit",
    "Tamsin",
    "Teal",
    "Thistle",
    "Thorne",
    "Topaz",
    "Umber",
    "Valley",
    "Vesper",
    "Violet",
    "Walden",
    "Willow",
    "Winslow",
    "Wren",
    "Yarrow",
    "Zephyr",
]

_TABLE = """\
home address | city, street, house, flat |\
 ville Haven, Street Lane Road Row, House Court Villa Lodge, Flat Suite Loft Rooms
company | division, department, team, desk |\
 Division Group, Department Office Bureau Unit, Team Crew Circle Squad, Desk Table Bench Booth
medical record | hospital, ward, room, bed |\
 Hospital Clinic, Ward Wing Floor Annex, Room Bay Chamber Suite, Bed Cot Berth Couch
school | school, year, class, seat |\
 School Academy, Year Form Stage Grade, Class Section Set Stream, Seat Row Chair Stool
military | base, battalion, company, platoon |\
 Base Fort, Battalion Regiment Brigade Guard, Company Troop Battery Patrol, Platoon Post Watch File
government | ministry, agency, bureau, file |\
 Ministry Council, Agency Authority Board Service, Bureau Registry Section Panel, File Folder Docket Paper
airline | airport, terminal, gate, seat |\
 Airport Field, Terminal Hall Pier Concourse, Gate Stand Jetway Apron, Seat Row Cabin Berth
retail | mall, shop, aisle, shelf |\
 Mall Arcade, Shop Store Market Outlet, Aisle Counter Corner Stall, Shelf Rack Bin Case
bank | branch, vault, box, drawer |\
 Branch Exchange, Vault Strongroom Cellar Safe, Box Locker Casket Coffer, Drawer Tray Slot Sleeve
telecom | region, exchange, line, port |\
 Region Zone, Exchange Switch Node Hub, Line Trunk Circuit Link, Port Socket Jack Plug
property | estate, building, floor, unit |\
 Estate Park, Building Tower Block Hall, Floor Storey Landing Level, Unit Studio Annex Room
franchise | chain, outlet, kitchen, station |\
 Chain Brand, Outlet Diner Grill Cafe, Kitchen Galley Pantry Hearth, Station Range Counter Oven
cars | maker, model, trim, colour |\
 Motors Works, Coupe Sedan Wagon Roadster, Trim Edition Line Pack, Colour Coat Shade Finish
sports league | league, club, squad, player |\
 League Cup, Club United Rovers Athletic, Squad Eleven Bench Reserve, Captain Striker Keeper Winger
cloud | region, cluster, machine, bucket |\
 Region Realm, Cluster Farm Grid Mesh, Machine Node Server Host, Bucket Volume Store Disk"""

_ROWS = [[part.strip() for part in line.split("|")] for line in _TABLE.splitlines()]
THEMES: tuple[str, ...] = tuple(row[0] for row in _ROWS)
LABELS = tuple(tuple(word.strip() for word in row[1].split(",")) for row in _ROWS)
_ENDINGS = tuple(tuple(tuple(level.split()) for level in row[2].split(",")) for row in _ROWS)


def labels(theme: int, depth: int) -> tuple[str, ...]:
    """What the fields of a path are called, the first level first: ("city", "street", "house")."""
    return LABELS[theme][:depth]


@lru_cache(maxsize=256)
def named(theme: int, number: int, depth: int, branching: int) -> tuple[str, ...]:
    """The names of all nodes of scenario `number` of a theme, in the order of `envs.trees`."""
    names: list[str] = []
    for level in range(depth):
        stems, endings = _drawn(fold(number, level)), _ENDINGS[theme][level]
        # One further at each round of the stems, so that a stem comes with another ending.
        names += [
            _joined(stems[i % len(stems)], endings[(i + i // len(stems)) % len(endings)])
            for i in range(branching ** (level + 1))
        ]
    return tuple(names)


def _joined(stem: str, ending: str) -> str:
    """Endings in small letters close the stem; a stem never doubles a letter that way."""
    return stem + ending if ending.islower() else f"{stem} {ending}"


def _drawn(key: int) -> list[str]:
    """All stems in an order that the key decides."""
    stems = list(_STEMS)
    for i in range(len(stems) - 1, 0, -1):
        j = below(fold(key, i), i + 1)
        stems[i], stems[j] = stems[j], stems[i]
    return stems
