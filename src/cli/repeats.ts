/**
 * Options that stand there twice. The library that parses arguments keeps the last value and says
 * nothing, so that `outright logout --subject maria --subject rui` would end one person's sessions
 * and report success.
 */
import type { Command, Option } from 'commander'

/** Parses an option that may be repeated: every value counts. */
export function collect(value: string, all: readonly string[] = []): readonly string[] {
  return [...all, value]
}

/**
 * Refuses an option that takes one value and has got two. Call it when the command has all of its
 * options, and throws when it complains (`exitOverride`).
 */
export function refuseRepeats(command: Command): void {
  for (const option of command.options.filter(takesOneValue)) {
    let isGiven = false
    command.on(`option:${option.name()}`, () => {
      if (isGiven) command.error(`option '${option.flags}' is given twice, and takes one value`)
      isGiven = true
    })
  }
}

function takesOneValue({ required, optional, variadic, parseArg }: Option): boolean {
  return (required || optional) && !variadic && parseArg !== collect
}
