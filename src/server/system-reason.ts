/** For the command line, which takes what it needs from this folder. */
export { systemReason } from '../domain/system-error.ts'
