"""``callaudit models``: which speech models there are, and getting one."""

from __future__ import annotations

import click


@click.group("models", short_help="List, install and verify speech models.")
def models() -> None:
    """List, install and verify speech models.

    The default model is fetched once, hash-checked, into the user's cache
    directory ($CALLAUDIT_CACHE/models where that variable is set).

    \b
    Examples:
      callaudit models list
      callaudit models install base
      callaudit models verify base
    """


@models.command("list")
def list_command() -> None:
    """Show the models that are described here, and which of them are installed.

    \b
    Example:
      callaudit models list
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table

    from audit.transcript.catalogue import DEFAULT_MODEL, list_models
    from audit.transcript.models import installed_dir, model_cache_dir

    table = Table(box=box.SIMPLE_HEAD)
    for column in ("model", "from", "size", "licence", "languages", "measured", "installed"):
        table.add_column(column, overflow="fold")
    for entry in list_models():
        found = installed_dir(entry.name)
        table.add_row(
            f"{entry.name} (default)" if entry.name == DEFAULT_MODEL else entry.name,
            "package registry, pinned" if entry.source == "package" else "model hub, not pinned",
            f"{entry.n_bytes / 1e6:.0f} MB" if entry.n_bytes else f"{entry.n_parameters_million} M parameters",
            entry.licence,
            " ".join(entry.languages),
            "\n".join(f"{f.what}: {f.value:g} {f.unit}" for f in entry.figures) or "not here",
            "yes" if found else "no",
        )
    console = Console()
    console.print(table)
    console.print(f"cache: {model_cache_dir()}", soft_wrap=True)
    console.print("Any model name of faster-whisper and any directory works too: callaudit run … --model NAME_OR_DIR")


@models.command("install")
@click.argument("name", default="base")
def install_command(name: str) -> None:
    """Fetch, assemble and verify the model NAME (base if none is given).

    Running it again costs nothing. An interrupted installation leaves nothing.

    \b
    Examples:
      callaudit models install
      callaudit models install small
    """
    from rich.console import Console

    from audit.transcript.models import install_model, installed_dir

    console = Console(stderr=True)
    already = installed_dir(name) is not None
    with console.status(f"installing {name}") as status:
        path = install_model(name, progress=lambda line: status.update(f"{name}: {line}"))
    console.print(f"{name} {'was installed already' if already else 'is installed'} in", soft_wrap=True)
    click.echo(str(path))


@models.command("verify")
@click.argument("names", nargs=-1)
def verify_command(names: tuple[str, ...]) -> None:
    """Read every byte of the models NAMES (all pinned ones that are installed, if none is given).

    \b
    Examples:
      callaudit models verify
      callaudit models verify base
    """
    from audit.errors import ModelError
    from audit.transcript.catalogue import list_models
    from audit.transcript.models import installed_dir, verify_model

    chosen = names or tuple(e.name for e in list_models() if e.files and installed_dir(e.name))
    if not chosen:
        raise ModelError("no pinned model is installed", hint="callaudit models install base")
    for name in chosen:
        click.echo(f"{name}: every byte is as pinned, in {verify_model(name)}")
