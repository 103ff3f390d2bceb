import type { Command } from 'commander'
import { examplesOf } from '../../src/cli/examples.ts'
import { allCommands } from '../../src/cli/program.ts'

/** The whole name of a command: `outright sessions list`. */
export function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`
}

/** The commands that do something: not the ones that only hold others. */
export function leaves(program: Command): readonly Command[] {
  return allCommands(program).filter(({ commands }) => commands.length === 0)
}

/** What the manual says of every command. */
export function writeManual(program: Command): string {
  return leaves(program)
    .map((command) =>
      [`### ${nameOf(command)}`, command.description(), ...table(command), example(command)].join(
        '\n\n',
      ),
    )
    .join('\n\n')
}

function example(command: Command): string {
  return `\`\`\`sh\n${examplesOf(command).join('\n')}\n\`\`\``
}

function table(command: Command): readonly string[] {
  const rows = [
    ...command.registeredArguments.map((argument) => {
      const shown = `${argument.name()}${argument.variadic ? '...' : ''}`
      return [argument.required ? `<${shown}>` : `[${shown}]`, argument.description] as const
    }),
    ...command.options.map(({ flags, description, argChoices }) => {
      const choices = argChoices === undefined ? '' : `: ${argChoices.join(', ')}`
      return [flags, description + choices] as const
    }),
  ]
  if (rows.length === 0) return []
  const lines = rows.map(
    ([name, text]) => `| \`${name}\` | ${text.replaceAll('|', String.raw`\|`)} |`,
  )
  return [['| argument | meaning |', '|---|---|', ...lines].join('\n')]
}
