/** Where operators sign in. */
export const signInPath = '/console/sign-in'
export const signOutPath = '/console/sign-out'
export const passkeysPath = '/console/passkeys'
export const newPasskeyPath = '/console/passkeys/new'
export const challengePath = '/console/passkeys/challenge'
export const setUpPath = '/console/set-up'

/** The start of the console, and of every path of it. */
export const CONSOLE_PATH = '/console/'

/** A link whose secret stands behind the `#`: browsers send that to no server, so none logs it. */
export function setUpLink(publicUrl: string, code: string): string {
  return `${publicUrl}${setUpPath}#${code}`
}
