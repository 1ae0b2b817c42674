/** What a request carries on its way through a server of the contract. */
export interface Env {
  Variables: {
    requestId: string;
    /** Id of the API key; `anonymous` on a server without keys. Idempotency keys belong to it. */
    owner: string;
  };
}
