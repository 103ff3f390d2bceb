import type { Command } from 'commander'

const lists = new WeakMap<Command, readonly string[]>()

/**
 * Adds examples to a command's help.
 *
 * @param examples Whole command lines, each followed by nothing or `# why`.
 */
export function withExamples(command: Command, examples: readonly string[]): Command {
  lists.set(command, examples)
  const lines = examples.map((example) => `  $ ${example}`)
  return command.addHelpText('after', `\nExamples:\n${lines.join('\n')}`)
}

/** The examples of a command, as the manual repeats them. */
export function examplesOf(command: Command): readonly string[] {
  return lists.get(command) ?? []
}
