/** Addresses: real paths and query strings, so that a view can be shared as a link. */
import { createStore } from './store.ts'

/** Where the console lives on its server. */
export const HOME = '/console/'

export interface Place {
  /** Behind `/console/`, in parts, decoded: `['sessions', '01a1…']`. */
  readonly parts: readonly string[]
  readonly query: URLSearchParams
}

const place = createStore(read())

function read(): Place {
  const { pathname, search } = location
  const path = pathname.startsWith(HOME) ? pathname.slice(HOME.length) : ''
  const parts = path.split('/').filter((part) => part !== '')
  return { parts: parts.map(decode), query: new URLSearchParams(search) }
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

export const usePlace = (): Place => place.use()

/** The address of a page; parts are encoded, parameters without a value left out. */
export function address(
  parts: readonly string[],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const search = new URLSearchParams()
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') search.set(name, value)
  }
  const text = search.toString()
  return HOME + parts.map(encodeURIComponent).join('/') + (text === '' ? '' : `?${text}`)
}

export function navigate(to: string, how: 'push' | 'replace' = 'push'): void {
  if (how === 'push') history.pushState(null, '', to)
  else history.replaceState(null, '', to)
  place.set(read())
  if (how === 'push') scrollTo(0, 0)
}

/** Follows links within the console without loading the page anew. */
export function followLinks(): void {
  addEventListener('popstate', () => {
    place.set(read())
  })
  document.addEventListener('click', (event) => {
    if (event.defaultPrevented || event.button !== 0) return
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return
    const link = event.target instanceof Element ? event.target.closest('a') : null
    if (link === null || link.target !== '' || link.hasAttribute('download')) return
    if (link.origin !== location.origin || !link.pathname.startsWith(HOME)) return
    // The server's own pages.
    if (/^\/console\/sign-(in|out)/.test(link.pathname)) return
    event.preventDefault()
    navigate(link.pathname + link.search)
  })
}
