/** The texts of the console, in its languages: a file for each group of pages, both languages in it. */
import { preferences } from '../lib/preferences.ts'
import { canaryEn, canaryPt } from './canary.ts'
import { commonEn, commonPt } from './common.ts'
import { endEn, endPt } from './end.ts'
import { manageEn, managePt } from './manage.ts'
import { sessionsEn, sessionsPt } from './sessions.ts'
import { shellEn, shellPt } from './shell.ts'
import { watchEn, watchPt } from './watch.ts'

const en = {
  ...shellEn,
  ...commonEn,
  ...sessionsEn,
  ...endEn,
  ...watchEn,
  ...manageEn,
  canary: canaryEn,
}

export type Words = typeof en

const pt: Words = {
  ...shellPt,
  ...commonPt,
  ...sessionsPt,
  ...endPt,
  ...watchPt,
  ...managePt,
  canary: canaryPt,
}

export function useWords(): Words {
  return preferences.use().language === 'pt' ? pt : en
}
