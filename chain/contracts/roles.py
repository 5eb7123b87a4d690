"""Roles that contracts ask for. Who holds which, and who gives it: `docs/roles.md`."""

COUNCIL = "council"
DISPATCHER = "dispatcher"
ISSUING_BODY = "issuing_body"
MEMBER = "member"
METERING_OPERATOR = "metering_operator"
NATIONAL_CENTRE = "national_centre"
PROVINCIAL_CENTRE = "provincial_centre"
REGISTRAR = "registrar"
REGULATOR = "regulator"

OPERATORS = (DISPATCHER, NATIONAL_CENTRE, PROVINCIAL_CENTRE, REGULATOR)
"""Of the institutions that run the network."""

INSTITUTIONS = (*OPERATORS, COUNCIL, ISSUING_BODY, METERING_OPERATOR, REGISTRAR)
"""Held only through an organisation that the alliance gave them to; never by anyone."""
