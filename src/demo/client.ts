/** Sends a request and returns the parsed body. Throws an Error with the request and the reason if it is refused. */
export type DemoCall = <T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object | string) => Promise<T>

/** Creates a client of the service at this URL. A string is sent as YAML. */
export function demoClient (address: string): DemoCall {
  return async <T>(method: string, path: string, body?: object | string): Promise<T> => {
    const response = await fetch(new URL(path, address), {
      method,
      redirect: 'error',
      ...(body !== undefined && {
        headers: { 'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body)
      })
    })
    const parsed = await response.json() as T & { detail?: string }
    if (!response.ok) {
      const sent = typeof body === 'object' ? ` ${JSON.stringify(body).slice(0, 200)}` : ''
      throw new Error(`${method} ${path}${sent} was refused: ${response.status} ${parsed.detail ?? ''}`)
    }
    return parsed
  }
}
