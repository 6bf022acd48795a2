"""What kind of information passes: the categories, and what the rules must know of each.

Promises: a closed set, each with the flags that decide which lawful bases an item needs and whether "we hold
a record" may ever be said of it. Does not promise that an item holds what its flags allow for: a flag says
what a category *can* hold, so that the answer never depends on what was found.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType


class Category(StrEnum):
    """One kind of information; an item carries exactly one."""

    ATTENDANCE = "attendance"
    """Days present, absent and the reasons given."""
    SCHOOL_CONCERNS = "school_concerns"
    """A school's or setting's own safeguarding file."""
    DEMOGRAPHICS = "demographics"
    """Names, dates of birth, addresses, identifiers."""
    HOUSEHOLD = "household"
    """Who lives with or is connected to the child."""
    HEALTH_ATTENDANCES = "health_attendances"
    """Visits to emergency departments, surgeries, clinics; missed appointments."""
    HEALTH_CONDITIONS = "health_conditions"
    """Diagnoses and problems."""
    HEALTH_OBSERVATIONS = "health_observations"
    """Measurements and test results."""
    HEALTH_FLAGS = "health_flags"
    """Alerts on a health record."""
    GP_REGISTRATION = "gp_registration"
    """The practice with which a person is registered."""
    ADULT_MENTAL_HEALTH = "adult_mental_health"
    """A parent's or carer's mental health."""
    SUBSTANCE_MISUSE = "substance_misuse"
    """Drug and alcohol services."""
    SEXUAL_HEALTH = "sexual_health"
    """Sexual and reproductive health."""
    POLICE_INCIDENTS = "police_incidents"
    """Incidents attended, domestic abuse calls among them."""
    POLICE_INTELLIGENCE = "police_intelligence"
    """Graded intelligence (3x5x2)."""
    OFFENCES = "offences"
    """Convictions, cautions, charges, allegations of crime."""
    MISSING_EPISODES = "missing_episodes"
    """Times a child went missing, and return interviews."""
    SOCIAL_CARE_HISTORY = "social_care_history"
    """Earlier contacts, assessments and episodes at children's social care."""
    CHILD_PROTECTION_PLAN = "child_protection_plan"
    """Whether there is or was a plan or looked-after status."""
    PROBATION_SUPERVISION = "probation_supervision"
    """Orders, licence conditions and assessed risk of harm."""
    YOUTH_JUSTICE_ORDERS = "youth_justice_orders"
    """Out-of-court disposals, orders and assessments of a youth justice service."""
    HOUSING_TENANCY = "housing_tenancy"
    """Tenancy, moves, arrears, antisocial behaviour."""
    CONTACT_REPORT = "contact_report"
    """A concern told to social care unasked."""
    OUTCOME = "outcome"
    """What was decided, fed back to who told or answered."""
    ADOPTION = "adoption"
    """Anything that would reveal an adoption."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CategoryFacts:
    """What the rules know of a category.

    `special_category`: it can hold data within UK GDPR Article 9(1), so a condition is needed.
    `criminal`: it can hold convictions, offences or allegations about a data subject (Article 10; DPA 2018
    s.11(2)).
    `protected_possible`: it can hold a fact whose very existence is protected (adoption, gender
    recognition, fertility treatment, sexually transmitted infection, covert operation): existence is never
    confirmed.
    """

    special_category: bool
    criminal: bool
    protected_possible: bool
    title: str


def _facts(title: str, flags: str = "") -> CategoryFacts:
    return CategoryFacts(
        special_category="s" in flags,
        criminal="c" in flags,
        protected_possible="p" in flags,
        title=title,
    )


# s: special category, c: criminal, p: can hold a protected fact.
CATEGORY_FACTS: Mapping[Category, CategoryFacts] = MappingProxyType(
    {
        # Reasons for absence are often illness.
        Category.ATTENDANCE: _facts("School attendance", "s"),
        Category.SCHOOL_CONCERNS: _facts("School's safeguarding concerns", "scp"),
        # A changed name or sex marker can reveal an adoption or a gender recognition certificate.
        Category.DEMOGRAPHICS: _facts("Names, dates and addresses", "p"),
        Category.HOUSEHOLD: _facts("Household and connections", "p"),
        Category.HEALTH_ATTENDANCES: _facts("Health attendances", "sp"),
        Category.HEALTH_CONDITIONS: _facts("Health conditions", "sp"),
        Category.HEALTH_OBSERVATIONS: _facts("Health observations", "sp"),
        Category.HEALTH_FLAGS: _facts("Alerts on the health record", "sp"),
        Category.GP_REGISTRATION: _facts("GP registration", "s"),
        Category.ADULT_MENTAL_HEALTH: _facts("Adult mental health", "sp"),
        Category.SUBSTANCE_MISUSE: _facts("Drug and alcohol services", "s"),
        Category.SEXUAL_HEALTH: _facts("Sexual health", "sp"),
        # A live or covert operation shows in what is recorded, and in a refusal to say.
        Category.POLICE_INCIDENTS: _facts("Police incidents", "scp"),
        Category.POLICE_INTELLIGENCE: _facts("Police intelligence", "scp"),
        Category.OFFENCES: _facts("Offences and allegations", "c"),
        Category.MISSING_EPISODES: _facts("Missing episodes", "sc"),
        Category.SOCIAL_CARE_HISTORY: _facts("Social care history", "scp"),
        Category.CHILD_PROTECTION_PLAN: _facts("Child protection plan or care status", "sc"),
        Category.PROBATION_SUPERVISION: _facts("Probation supervision", "sc"),
        Category.YOUTH_JUSTICE_ORDERS: _facts("Youth justice orders", "sc"),
        Category.HOUSING_TENANCY: _facts("Housing and tenancy", ""),
        Category.CONTACT_REPORT: _facts("Contact or referral", "sc"),
        Category.OUTCOME: _facts("Outcome of a contact or enquiry", ""),
        Category.ADOPTION: _facts("Adoption", "sp"),
    }
)
