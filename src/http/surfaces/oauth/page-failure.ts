import type { Failure } from '../../../domain/failure.ts'
import { noticePage } from '../../form-page.ts'
import { problems, withAdvice } from '../../problem.ts'
import type { Answer, SurfaceRequest } from '../../surface.ts'
import { logoutPath } from './metadata.ts'
import { wordsFor } from './words.ts'

/**
 * A failure as a page. For the developers of the client, it names the parameter that is wrong; it
 * repeats nothing of the request.
 */
export function pageFailure(failure: Failure, request: SurfaceRequest): Answer {
  const words = wordsFor(request)
  const { status } = problems[failure.kind]
  const page = (title: string, ...texts: string[]): Answer =>
    withAdvice(noticePage(status, words, title, ...texts), failure)
  const isOver = failure.kind === 'not_found' || failure.kind === 'forbidden'
  if (isOver) return page(words.over, words.startAgain)
  const isLogout = request.path === logoutPath
  if (status >= 500) return page(words.failed, isLogout ? words.maybeLoggedIn : words.tryAgain)
  if (failure.kind === 'rate_limited') return page(words.failed, words.tooMany)
  return page(words.failed, words.wrongLink, ...detailOf(failure))
}

function detailOf(failure: Failure): readonly string[] {
  if (failure.kind === 'missing_parameter') return [`${failure.parameter} is missing`]
  if (failure.kind === 'malformed_request') return [failure.reason]
  return failure.kind === 'invalid_parameter' ? [`${failure.parameter}: ${failure.reason}`] : []
}
