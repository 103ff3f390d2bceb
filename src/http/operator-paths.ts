/** Where operators sign in. */
export const signInPath = '/console/sign-in'
export const signOutPath = '/console/sign-out'
/** Leads to the identity provider of operators. */
export const signOnPath = '/console/sign-in/start'
/** The redirect URI to register there. */
export const signOnCallbackPath = '/console/sign-in/callback'
/** The `backchannel_logout_uri` to register there. */
export const signOnLogoutPath = '/console/backchannel-logout'
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
