/** Documents: one title each, and relative links that lead somewhere. */
import { existsSync } from 'node:fs'
import { join, posix } from 'node:path'
import type { TextFile } from './source.ts'

export function oneTitle(files: readonly TextFile[]): string[] {
  return documents(files).flatMap((file) => {
    const titles = prose(file.text).filter((line) => line.startsWith('# ')).length
    return titles === 1 ? [] : [`${file.path} has ${titles} titles; a document has one "# " line`]
  })
}

/** Only links to files: whether a page elsewhere still exists is not a question for a test. */
export function relativeLinks(root: string, files: readonly TextFile[]): string[] {
  return documents(files).flatMap((file) =>
    linksOf(file.text).flatMap((link) => {
      const target = posix.join(posix.dirname(file.path), decodeURI(link))
      return existsSync(join(root, target)) ? [] : [`${file.path} links to ${link}: no such file`]
    }),
  )
}

function documents(files: readonly TextFile[]): TextFile[] {
  return files.filter(
    (file) => file.path.endsWith('.md') && !/(^|\/)(fixtures|peers)\//.test(file.path),
  )
}

function linksOf(text: string): string[] {
  const body = prose(text)
    .join('\n')
    .replaceAll(/`[^`\n]*`/g, '')
  const inline = [...body.matchAll(/\]\(<?([^)\s>]+)>?(?:\s+"[^"]*")?\)/g)].map((match) => match[1])
  const reference = [...body.matchAll(/^\[[^\]]+\]:\s*(\S+)/gm)].map((match) => match[1])
  return [...inline, ...reference]
    .map((link) => (link ?? '').replace(/[#?].*$/, ''))
    .filter((link) => link !== '' && !/^([a-z][a-z+.-]*:|\/)/i.test(link))
}

/** The lines outside fenced code. */
function prose(text: string): string[] {
  let fence: string | undefined
  return text.split('\n').filter((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1]
    if (fence === undefined) {
      fence = mark
      return mark === undefined
    }
    if (mark?.startsWith(fence)) fence = undefined
    return false
  })
}
