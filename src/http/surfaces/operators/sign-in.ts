/** `/console/sign-in` and `/console/sign-out`. */
import { digest } from '../../../core/handles.ts'
import { Refusal, type Failure } from '../../../domain/failure.ts'
import type { Operator } from '../../../domain/operator.ts'
import { readForm } from '../../body.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { operatorCookie, readOperatorCookie } from '../../operator-cookie.ts'
import { CONSOLE_PATH, signInPath } from '../../operator-paths.ts'
import { withAdvice } from '../../problem.ts'
import { refuseAllButPages, refuseOtherPages } from '../../own-origin.ts'
import { authenticateByPasskey } from './passkeys.ts'
import { signInPage } from './pages.ts'
import type { OperatorService, Proved } from './service.ts'
import { signOnProblems, wordsFor, type Words } from './words.ts'

/**
 * `GET /console/sign-in?return=…`: the form, or a redirect for an operator who is signed in
 * already.
 */
export async function showSignIn(
  { core, passkeys, options }: OperatorService,
  request: SurfaceRequest,
): Promise<Answer> {
  const returnTo = returnPath(request.query.get('return'))
  const token = readOperatorCookie(request)
  if (token !== undefined && (await core.operatorSessions.find(token)) !== undefined) {
    return { status: 303, headers: { location: returnTo } }
  }
  const words = wordsFor(request)
  const hasPasskeys = passkeys.isPossible
  const issuerTitle = options.singleSignOn?.title
  const problem = signOnProblems.find((one) => one === request.query.get('problem'))
  return signInPage({
    status: 200,
    words,
    returnTo,
    name: '',
    hasPasskeys,
    issuerTitle,
    ...(request.query.has('signed-out') ? { notice: words.signedOut } : {}),
    ...(problem === undefined ? {} : { problem: words.signOnProblems[problem] }),
  })
}

/** `POST /console/sign-in`: name and password, or what a passkey has signed. */
export async function submitSignIn(
  service: OperatorService,
  request: SurfaceRequest,
): Promise<Answer> {
  refuseOtherPages(request)
  const form = readForm(request)
  const returnTo = returnPath(form.get('return'))
  const name = form.get('name') ?? ''
  try {
    const passkey = form.get('passkey')
    const proved: Proved =
      passkey === null
        ? { operator: await checkPassword(service, request, name, form.get('password') ?? '') }
        : await authenticateByPasskey(service, request, passkey)
    return await signIn(service, request, proved, returnTo)
  } catch (error) {
    const words = wordsFor(request)
    if (!(error instanceof Refusal)) throw error
    const again = problemOf(error.failure, words)
    if (again === undefined) throw error
    const hasPasskeys = service.passkeys.isPossible
    const issuerTitle = service.options.singleSignOn?.title
    const view = { words, returnTo, name: name.slice(0, 64), hasPasskeys, issuerTitle }
    return withAdvice(signInPage({ ...view, ...again }), error.failure)
  }
}

/**
 * Signs in an authenticated operator. Every sign-in is a new session (session fixation); one that
 * the browser had before ends.
 */
export async function signIn(
  { core, options, log }: OperatorService,
  request: SurfaceRequest,
  proved: Proved,
  returnTo: string,
): Promise<Answer> {
  const lifetimeMs = options.sessionLifetimeMs
  const before = readOperatorCookie(request)
  if (before !== undefined) await core.operatorSessions.end(before)
  const token = await core.operatorSessions.open({
    ...proved,
    lifetimeMs,
    attributes: {
      address: request.clientAddress,
      userAgent: request.header('user-agent')?.slice(0, 256) ?? '',
    },
  })
  const { name, role } = proved.operator
  log.info({ requestId: request.requestId, operator: name, role }, 'operator signed in')
  const cookie = operatorCookie(request, token, Math.floor(lifetimeMs / 1000))
  return { status: 303, headers: { location: returnTo }, cookies: [cookie] }
}

/**
 * `POST /console/sign-out`: ends the session, also one that has ended, and answers when that is
 * confirmed. A script of the console gets 204, a form is led to the sign-in page.
 */
export async function signOut({ core }: OperatorService, request: SurfaceRequest): Promise<Answer> {
  refuseAllButPages(request)
  const token = readOperatorCookie(request)
  const ended = token === undefined ? undefined : await core.operatorSessions.end(token)
  const isScript = request.header('outright-request') !== undefined
  return {
    ...(isScript
      ? { status: 204 }
      : { status: 303, headers: { location: `${signInPath}?signed-out` } }),
    cookies: [operatorCookie(request, '', 0)],
    ...(ended === undefined ? {} : { receipt: ended.receipt }),
  }
}

/** Every guess is counted, by the operator that it is at. */
async function checkPassword(
  { core, guesses }: OperatorService,
  { clientAddress }: SurfaceRequest,
  name: string,
  password: string,
): Promise<Operator> {
  const account = digest(name)
  await guesses.consume(account, clientAddress)
  const operator = await core.operators.authenticate(name, password)
  await guesses.succeeded(account, clientAddress)
  return operator
}

/** A mistake that the person can correct; undefined for what is answered as a failure. */
function problemOf(
  failure: Failure,
  words: Words,
): { readonly status: number; readonly problem: string } | undefined {
  if (failure.kind === 'credentials_invalid') return { status: 400, problem: words.wrong }
  return failure.kind === 'rate_limited' ? { status: 429, problem: words.tooMany } : undefined
}

/**
 * Where to go after the sign-in: a path of the console, and nothing else. Read as a browser reads
 * it, which takes `\` for `/` and drops tabs and new lines.
 */
export function returnPath(wanted: string | null): string {
  const base = 'http://console.invalid'
  const url = wanted === null ? null : URL.parse(wanted, base)
  if (url?.origin !== base || !url.pathname.startsWith(CONSOLE_PATH)) return CONSOLE_PATH
  // Not back to where one signs in, nor on to the identity provider.
  const isSignIn = `${url.pathname}/`.startsWith(`${signInPath}/`)
  return isSignIn ? CONSOLE_PATH : url.pathname + url.search + url.hash
}
