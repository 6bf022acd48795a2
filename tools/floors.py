"""The import-linter contract behind the house's floors: what a package may import, and what it never may.

Checks direct imports of every module in a package. What the allowed modules import in turn is their own
contract's business. It does not follow imports made by name at run time.
"""

from grimp import ImportGraph
from importlinter import Contract, ContractCheck, fields, output

HOUSE = ("adapters", "broker", "keys", "policies")


def lies_in(module: str, packages: set[str]) -> bool:
    """Whether `module` is one of `packages` or lies inside one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


class OnlyContract(Contract):
    """`modules` import of the house only themselves and `of_the_house`, and never anything of `never`."""

    type_name = "only"

    # Fields of import-linter become plain sets of strings on an instance.
    modules: set[str] = fields.SetField(subfield=fields.StringField())  # type: ignore[assignment]
    except_modules: set[str] = fields.SetField(  # type: ignore[assignment]
        subfield=fields.StringField(), required=False, default=set()
    )
    of_the_house: set[str] = fields.SetField(subfield=fields.StringField())  # type: ignore[assignment]
    never: set[str] = fields.SetField(subfield=fields.StringField())  # type: ignore[assignment]

    def check(self, graph: ImportGraph, verbose: bool) -> ContractCheck:
        """Keep the contract unless a module in it imports what it may not."""
        own = self.modules
        house = own | self.of_the_house
        broken: list[str] = []
        for module in sorted(graph.modules):
            if not lies_in(module, own) or lies_in(module, self.except_modules):
                continue
            for imported in sorted(graph.find_modules_directly_imported_by(module)):
                of_house = lies_in(imported, set(HOUSE))
                if (of_house and not lies_in(imported, house)) or lies_in(imported, self.never):
                    lines = graph.get_import_details(importer=module, imported=imported)
                    where = ", ".join(str(line["line_number"]) for line in lines) or "?"
                    broken.append(f"{module} imports {imported} (line {where})")
        return ContractCheck(kept=not broken, metadata={"broken": broken})

    def render_broken_contract(self, check: ContractCheck) -> None:
        """Print one line for each import that may not be."""
        for line in check.metadata["broken"]:
            output.print_error(line)
