/** A person's browser at `oidc-provider`, and the application that gets the tokens. */
const redirectUri = 'http://127.0.0.1:1/callback'

interface Page {
  readonly text: string
  /** Where it leads, made whole. */
  readonly location: string | undefined
}

export class Browser {
  readonly #issuer: string
  readonly #cookies = new Map<string, string>()
  idToken = ''

  constructor(issuer: string) {
    this.#issuer = issuer
  }

  /** Logs a person in and gives the access token. */
  async logIn(login: string): Promise<string> {
    const query = new URLSearchParams({
      client_id: 'web',
      response_type: 'code',
      scope: 'openid',
      redirect_uri: redirectUri,
    })
    let { location = '' } = await this.#go(`${this.#issuer}/auth?${query.toString()}`)
    location = await this.#passPages(location, redirectUri, login)
    const code = new URL(location).searchParams.get('code') ?? ''
    const answer = await fetch(`${this.#issuer}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${btoa('web:web-secret')}` },
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        code,
        redirect_uri: redirectUri,
      }),
    })
    const tokens = (await answer.json()) as { access_token: string; id_token: string }
    this.idToken = tokens.id_token
    return tokens.access_token
  }

  /** Logs in at an application that leads here and gives the page that it shows then. */
  async logInAt(app: string, login: string): Promise<string> {
    await this.comeBackTo(app, '/login', login)
    return this.read(`${app}/`)
  }

  /** The same from a path of its own, to what the application answers when they are back. */
  async comeBackTo(app: string, from: string, login: string): Promise<Page> {
    const { location = '' } = await this.#go(app + from)
    const { location: first = '' } = await this.#go(location)
    const page = await this.#go(await this.#passPages(first, app, login))
    const path = leadsTo(page.text)
    return path === undefined ? page : this.#go(app + path)
  }

  async read(url: string): Promise<string> {
    return (await this.#go(url)).text
  }

  /** Logs out there, which resolves when all have been told. */
  async logOut(issuer: string = this.#issuer): Promise<void> {
    const { text } = await this.#go(`${issuer}/session/end`)
    const xsrf = /name="xsrf" value="(\w+)"/.exec(text)?.[1] ?? ''
    await this.#go(`${issuer}/session/end/confirm`, { xsrf, logout: 'yes' })
  }

  /** Goes through the pages of the provider until they lead away from it. */
  async #passPages(first: string, away: string, login: string): Promise<string> {
    let location = first
    for (let pages = 0; pages < 10 && !location.startsWith(away); pages++) {
      const { text, location: next } = await this.#go(location)
      const prompt = /name="prompt" value="(\w+)"/.exec(text)?.[1]
      location =
        prompt === undefined
          ? (next ?? '')
          : ((await this.#go(location, { prompt, login, password: 'any' })).location ?? '')
    }
    return location
  }

  async #go(url: string, form?: Readonly<Record<string, string>>): Promise<Page> {
    const cookie = [...this.#cookies].map((pair) => pair.join('=')).join('; ')
    const answer = await fetch(url, {
      redirect: 'manual',
      headers: { cookie },
      ...(form === undefined ? {} : { method: 'POST', body: new URLSearchParams(form) }),
    })
    for (const header of answer.headers.getSetCookie()) {
      const [pair = ''] = header.split(';')
      const equals = pair.indexOf('=')
      const value = pair.slice(equals + 1)
      if (value === '') this.#cookies.delete(pair.slice(0, equals))
      else this.#cookies.set(pair.slice(0, equals), value)
    }
    const location = answer.headers.get('location')
    return {
      text: await answer.text(),
      location: location === null ? undefined : new URL(location, url).href,
    }
  }
}

/** Where a page leads by itself, as a path; undefined where it does not. */
export function leadsTo(text: string): string | undefined {
  return /http-equiv="refresh" content="0;url=([^"]+)"/.exec(text)?.[1]?.replaceAll('&amp;', '&')
}
