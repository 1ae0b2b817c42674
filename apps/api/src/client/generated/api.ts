/* Written by `npm run contract` from the routes of apps/api. Do not edit. */

export interface paths {
    "/": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What is here */
        get: operations["index"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Is the process alive, and with which model */
        get: operations["health"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Should requests be sent here */
        get: operations["ready"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/segment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Segment a small volume
         * @description The volume comes in the body and its labels or affinities go back in one response. The body is an npy file (C or Fortran order) of shape [z, y, x], uint8, or float32 with grey values from 0 to 255. A volume smaller than a tile is mirror-padded; one below the smallest shape of the model (see /healthz) is refused.
         */
        post: operations["segment"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        Health: {
            model: components["schemas"]["Model"];
            /** @description Requests being segmented. */
            running: number;
            /** @enum {string} */
            status: "ok";
            uptimeSeconds: number;
            version: string;
            /** @description Requests being received or waiting for their turn. */
            waiting: number;
        };
        Index: {
            links: {
                [key: string]: string;
            };
            name: string;
            version: string;
        };
        Model: {
            /** @description sha256 of the model package, which covers each of its files. */
            digest: string;
            /** @description The smallest volume, (z, y, x) voxels. */
            minimumShape: [
                number,
                number,
                number
            ];
            name: string;
            preset: string;
            /** @description (z, y, x) voxels. */
            tileShape: [
                number,
                number,
                number
            ];
            version: string;
            /** @description nm, (z, y, x), of the training data. */
            voxelSize?: [
                number,
                number,
                number
            ];
        };
        /** @description RFC 9457 problem details. */
        Problem: {
            /** @enum {string} */
            code: "malformed-request" | "invalid-parameter" | "body-missing" | "npy-invalid" | "npy-truncated" | "npy-trailing" | "not-found" | "method-not-allowed" | "request-timeout" | "body-stalled" | "body-too-large" | "volume-too-large" | "unsupported-content-type" | "unsupported-content-encoding" | "wrong-axes" | "unsupported-dtype" | "empty-volume" | "volume-too-small" | "voxel-not-finite" | "voxel-out-of-range" | "headers-too-large" | "busy" | "client-closed-request" | "internal" | "segmentation-failed" | "inference-failed" | "unavailable";
            /** @description One sentence: what is wrong, the limit, and what to do. */
            detail: string;
            /** @description The parameter, header or part of the body. */
            field?: string;
            /** @description What would have been right. */
            limit?: unknown;
            requestId: string;
            status: number;
            title: string;
            /** @example urn:tokenunify:problem:unsupported-dtype */
            type: string;
            /** @description What was sent. */
            value?: unknown;
        };
        Ready: {
            /** @enum {string} */
            status: "ready";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    index: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Links to everything else. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Index"];
                };
            };
        };
    };
    health: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Alive, and answering while volumes are segmented. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Health"];
                };
            };
        };
    };
    ready: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Yes. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Ready"];
                };
            };
            /** @description Not now (unavailable) */
            503: {
                headers: {
                    /** @description Seconds. */
                    "retry-after": string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    segment: {
        parameters: {
            query?: {
                /** @description `labels`: uint32 [z, y, x], 0 is background. `affinities`: float32 [3, z, y, x] in [0, 1], in steps of 1/255; channel d at voxel v is the link between v and v - e_d, in the order z, y, x. */
                output?: "labels" | "affinities";
                /** @description How the affinities between two fragments become one score; default: what the model says. */
                scoring?: string;
                /** @description Agglomeration stops at this score; default: what validation chose for the model. */
                threshold?: number | null;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
                "application/x-npy": string;
            };
        };
        responses: {
            /** @description An npy file. */
            200: {
                headers: {
                    /** @description Milliseconds of each stage, as `tiles;dur=120`. */
                    "server-timing": string;
                    /** @description Labels but the background; with output=labels. */
                    "tokenunify-label-count"?: string;
                    /** @description Digest of the model that made the result. */
                    "tokenunify-model": string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/x-npy": string;
                };
            };
            /** @description The request is not what it should be (malformed-request, invalid-parameter, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The body stopped coming (request-timeout, body-stalled) */
            408: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too large (body-too-large, volume-too-large) */
            413: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a body that is read here (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description An npy file, but not a volume that can be segmented (wrong-axes, unsupported-dtype, empty-volume, volume-too-small, voxel-not-finite, voxel-out-of-range) */
            422: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description All places are taken; come back after Retry-After seconds (busy) */
            429: {
                headers: {
                    /** @description Seconds. */
                    "retry-after": string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server failed; the same request may succeed (internal, segmentation-failed, inference-failed) */
            500: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Starting or stopping; come back after Retry-After seconds (unavailable) */
            503: {
                headers: {
                    /** @description Seconds. */
                    "retry-after": string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
}
