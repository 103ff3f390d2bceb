/** The verbs of the dialect, one file each; all of them end in a verb of the core. */
export { authorize, initiate } from './authorize.ts'
export { admit, admitForLogout, findCaller } from './caller.ts'
export { login, sendLoginOtp } from './login.ts'
export { logout, revokeGrants, revokeToken } from './logout.ts'
export { exchange } from './token.ts'
