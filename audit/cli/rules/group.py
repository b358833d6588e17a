"""The group that the commands hang on."""

import click


class InOrder(click.Group):
    """A group that lists its commands in the order in which a rule is made."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names as they were added."""
        return list(self.commands)


@click.group("rules", cls=InOrder, short_help="Write, check, test, explain, try and release rule packs.")
def rules() -> None:
    """Work with rule packs: the YAML files that say what a good call is.

    A scorecard is named by its shipped name (zh-service, en-service) or by its folder.

    \b
    callaudit rules new ./our-rules            a rule with its cases, from a template
    callaudit rules check ./our-rules          every fault by file, line and column
    callaudit rules test ./our-rules           its cases and whole transcripts
    callaudit rules try RULE.yml --on audit/   what it would hit in the archive
    callaudit rules diff zh-service ./our-rules --on audit/
    """
