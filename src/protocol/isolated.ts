/** From Hebrew on, the first script that runs from right to left: below it nothing turns a text. */
const MAY_TURN = /[\u0590-\u{10FFFF}]/u

/** What opens and ends isolates (UAX #9). */
const ISOLATES = /[\u2066-\u2069]/g

/**
 * A text that somebody else has written, a name above all, so that it can stand beside other text:
 * neither its direction nor characters that change it (U+202E and its like) turn what is around it.
 * As characters, because names also stand in titles and labels, where there is no markup. What
 * would end the isolate from within is left out.
 */
export function isolated(text: string): string {
  return MAY_TURN.test(text) ? `\u2068${text.replaceAll(ISOLATES, '')}\u2069` : text
}
