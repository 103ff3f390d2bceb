/** `/console/set-up`: where the link of an invitation leads. */
import { Refusal, type Failure } from '../../../domain/failure.ts'
import { digest } from '../../../core/handles.ts'
import { readForm } from '../../body.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { CONSOLE_PATH } from '../../operator-paths.ts'
import { withAdvice } from '../../problem.ts'
import { refuseOtherPages } from '../../own-origin.ts'
import { setUpPage } from './pages.ts'
import type { OperatorService } from './service.ts'
import { signIn } from './sign-in.ts'
import { wordsFor, type Words } from './words.ts'

/** `GET /console/set-up`: the code stands behind the `#` and never comes here by itself. */
export function showSetUp(request: SurfaceRequest): Answer {
  return setUpPage({ status: 200, words: wordsFor(request), code: '', name: '' })
}

/** `POST /console/set-up`: code, name and password of a new operator, who is signed in then. */
export async function submitSetUp(
  service: OperatorService,
  request: SurfaceRequest,
): Promise<Answer> {
  refuseOtherPages(request)
  const form = readForm(request)
  const code = form.get('code') ?? ''
  const name = (form.get('name') ?? '').trim()
  try {
    // Codes cannot be guessed; what is bounded is the work for those who try.
    await service.guesses.consume(digest(code), request.clientAddress)
    const operator = await service.core.invitations.accept(code, name, form.get('password') ?? '')
    return await signIn(service, request, { operator }, CONSOLE_PATH)
  } catch (error) {
    const words = wordsFor(request)
    if (!(error instanceof Refusal)) throw error
    const again = problemOf(error.failure, words)
    if (again === undefined) throw error
    const shown = { words, code: code.slice(0, 64), name: name.slice(0, 64), ...again }
    return withAdvice(setUpPage(shown), error.failure)
  }
}

/** A mistake that the person can correct; undefined for what is answered as a failure. */
function problemOf(
  failure: Failure,
  words: Words,
): { readonly status: number; readonly problem: string } | undefined {
  switch (failure.kind) {
    case 'not_found':
      return { status: 400, problem: words.wrongCode }
    case 'conflict':
      return { status: 409, problem: words.nameTaken }
    case 'rate_limited':
      return { status: 429, problem: words.tooMany }
    case 'invalid_parameter': {
      const isName = failure.parameter === 'name'
      return { status: 400, problem: isName ? words.wrongName : words.wrongNewPassword }
    }
    default:
      return undefined
  }
}
