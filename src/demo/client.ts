/** Calls the service and answers the body; throws an Error that says what was asked and why it was refused. */
export type DemoCall = <T>(method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', path: string, body?: object | string) => Promise<T>

/** A client of the service at this address. A text as body is YAML. */
export function demoClient (address: string): DemoCall {
  return async <T>(method: string, path: string, body?: object | string): Promise<T> => {
    const answer = await fetch(new URL(path, address), {
      method,
      redirect: 'error',
      ...(body !== undefined && {
        headers: { 'content-type': typeof body === 'string' ? 'application/yaml' : 'application/json' },
        body: typeof body === 'string' ? body : JSON.stringify(body)
      })
    })
    const said = await answer.json() as T & { detail?: string }
    if (!answer.ok) {
      const sent = typeof body === 'object' ? ` ${JSON.stringify(body).slice(0, 200)}` : ''
      throw new Error(`${method} ${path}${sent} was refused: ${answer.status} ${said.detail ?? ''}`)
    }
    return said
  }
}
