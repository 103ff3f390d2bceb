/** What the console says, in the languages that it speaks. */
import { preferences } from '../lib/preferences.ts'
import { en, type Words } from './en.ts'
import { pt } from './pt.ts'

export type { Words } from './en.ts'

export function useWords(): Words {
  return preferences.use().language === 'pt' ? pt : en
}
