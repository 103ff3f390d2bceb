/**
 * What is suggested after a typing error. The library that parses arguments suggests whatever is
 * within three letters, `logout` for `bogus`; a person may accept the suggestion without reading
 * it.
 */

/** Commands that only look, and groups of commands. What ends or changes something is not here. */
const harmless: ReadonlySet<string> = new Set(
  'audit clients doctor guard help keys list serve sessions subjects verifiers verify watch'.split(
    ' ',
  ),
)

/**
 * Drops from a complaint the proposals that are not close (another first letter) or not harmless.
 * Options do nothing by themselves, so theirs stay.
 *
 * @param complaint As commander words it, with its proposals in brackets at the end.
 */
export function withSafeSuggestions(complaint: string): string {
  const match = /^(.*unknown command '([^']*)')\s*\(did you mean (?:one of )?([^)]*)\?\)$/i.exec(
    complaint,
  )
  if (match === null) return complaint
  const [, rest = '', typed = '', proposals = ''] = match
  const kept = proposals
    .split(', ')
    .filter((name) => harmless.has(name) && name.charAt(0) === typed.charAt(0))
  if (kept.length === 0) return rest
  return `${rest} (did you mean ${kept.length === 1 ? '' : 'one of '}${kept.join(', ')}?)`
}
