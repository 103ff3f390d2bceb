/**
 * Search by a part of a name, without regard to case and to the marks of Latin letters: "joao"
 * finds "João". One table serves both stores: every database has `translate` and `lower`.
 */

/** Letters of Latin-1 and Latin Extended-A that Unicode takes apart into a letter and its marks. */
export const markedLetters: string = Array.from({ length: 0x180 - 0xc0 }, (_, index) =>
  String.fromCodePoint(0xc0 + index),
)
  .filter((letter) => /^[a-z]\p{M}+$/iu.test(letter.normalize('NFD')))
  .join('')

/** Each of them without its marks, in the same order. */
export const plainLetters: string = markedLetters.normalize('NFD').replaceAll(/\p{M}/gu, '')

const plainOf: ReadonlyMap<string, string> = new Map(
  Array.from(markedLetters, (letter, index) => [letter, plainLetters[index] ?? letter]),
)

/** As both what is searched and what is searched for are compared. */
export function searchText(text: string): string {
  return text.replaceAll(marked, (letter) => plainOf.get(letter) ?? letter).toLowerCase()
}

const marked = new RegExp(`[${markedLetters}]`, 'g')
