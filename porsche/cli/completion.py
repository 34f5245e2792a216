"""`porsche completion`: what a shell needs to complete commands, options and names."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

VARIABLE = "_PORSCHE_COMPLETE"


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print what a shell needs to complete commands and names.

    Names are asked of a platform that runs; where none answers within a second, there are none.

    \b
    bash, in ~/.bashrc:   eval "$(porsche completion bash)"
    zsh, in ~/.zshrc:     eval "$(porsche completion zsh)"
    fish:                 porsche completion fish > ~/.config/fish/completions/porsche.fish
    """
    made = get_completion_class(shell)
    assert made is not None
    click.echo(made(context.find_root().command, {}, "porsche", VARIABLE).source())


COMMANDS = (completion,)
