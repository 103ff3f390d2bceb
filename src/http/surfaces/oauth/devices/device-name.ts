import { parse } from 'bowser'

/** What a sign-in came from, as far as its user agent says. */
export interface DeviceName {
  /** `Firefox`; undefined if unknown. */
  readonly program: string | undefined
  /** `Windows`; undefined if unknown. */
  readonly system: string | undefined
}

/** Longer ones are cut: the rest says nothing that people need. */
const MAX_LENGTH = 512

/**
 * Names a device for the person who uses it. What a user agent says is a claim and nothing more.
 */
export function deviceName(userAgent: string | undefined): DeviceName {
  const agent = (userAgent ?? '').slice(0, MAX_LENGTH)
  if (agent === '') return { program: undefined, system: undefined }
  const { browser, os } = parse(agent)
  // Apps and programs name themselves first: `ShopApp/4.2 (…)`.
  const own = /^([A-Za-z][\w .-]{0,40}?)\/\d/.exec(agent)?.[1]
  const isBrowser = own === 'Mozilla' || own === 'Opera'
  const program = isBrowser ? browser.name : (own ?? browser.name)
  return { program: program || undefined, system: os.name || undefined }
}
