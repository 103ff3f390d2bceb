/**
 * What is used of `@xmldom/xmldom`. Its own types, and those of `xpath`, bring the globals of a
 * browser into every file; `tsconfig.json` has these instead.
 */
export declare class DOMParser {
  constructor(options: {
    readonly errorHandler: Readonly<
      Record<'warning' | 'error' | 'fatalError', (message: string) => void>
    >
  })
  parseFromString(text: string, type: 'text/xml'): XmlNode | undefined
}

export interface XmlNode {
  getAttribute(name: string): string
  getElementsByTagNameNS(namespace: string, name: string): { item(at: number): XmlNode | null }
}
