import type { SurfaceRequest } from './surface.ts'

/**
 * The language of a page: the first that is known of those that were asked for, then of those that
 * the browser asks for. An unknown language is not an error.
 *
 * @param known Language tags (BCP 47) without a region.
 * @param wanted Tags, separated by spaces, that win over the browser's.
 */
export function languageOf<L extends string>(
  request: SurfaceRequest,
  known: readonly L[],
  wanted: string = '',
): L | undefined {
  const accepted = (request.header('accept-language') ?? '')
    .split(',')
    .map((one) => {
      const [tag = '', quality = 'q=1'] = one.trim().split(/\s*;\s*/)
      return { tag, weight: Number(quality.replace(/^q=/, '')) }
    })
    .filter(({ weight }) => weight > 0)
    .sort((one, other) => other.weight - one.weight)
    .map(({ tag }) => tag)
  const primaries = [...wanted.split(' '), ...accepted].map(
    (tag) => tag.toLowerCase().split('-')[0] ?? '',
  )
  return primaries
    .map((primary) => known.find((tag) => tag === primary))
    .find((tag) => tag !== undefined)
}
