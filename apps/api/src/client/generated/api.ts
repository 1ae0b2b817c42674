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
    "/v1/deployment": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Which version does what, and how that came */
        get: operations["getDeployment"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Shares of canary and shadow, or no challenger any more */
        patch: operations["changeDeployment"];
        trace?: never;
    };
    "/v1/deployment/comparisons": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Shadow runs and how far both versions agree, newest first */
        get: operations["listComparisons"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/deployment/rollback": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make the champion before this one champion again
         * @description The version that is rolled back keeps no alias. `expected` names it: a roll back from it that was the last change of the champion is answered with 200, and nothing changes, so that a request whose answer was lost can be sent again. Without `expected` every request goes one champion further back.
         */
        post: operations["rollBack"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Versions of models, newest first */
        get: operations["listModels"];
        put?: never;
        /**
         * Upload a model package
         * @description A zip of a package as `tokenunify export` writes it, its files at the top or in one folder. Digests are verified and the test tile is run before the version is there; nothing is left of a package that is refused. The same package again is the same version, and a retired one is ready again. An upload moves no alias.
         */
        post: operations["uploadModel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a version is */
        get: operations["getModel"];
        put?: never;
        post?: never;
        /**
         * Delete the files of a retired version
         * @description Its record stays, so that results can be told from one another. Again changes nothing.
         */
        delete: operations["deleteModel"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}/challenge": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a version challenger
         * @description It takes the place of the challenger before it, and its share of shadow runs; the share of the canary is 0 again. Challenging it again changes nothing.
         */
        post: operations["challengeModel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}/files/{file}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A file of a package
         * @description As `files` of the version names them. One byte range at a time. HEAD works too.
         */
        get: operations["getModelFile"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Make a version champion
         * @description It is loaded and warm before the alias moves; requests that came before are answered by the champion before it. A version that is champion already is answered with 200, whatever is expected, and nothing changes: by its digest a request whose answer was lost can be sent again.
         */
        post: operations["promoteModel"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/models/{model}/retire": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Take a version out of use
         * @description It takes no new work; its files stay until it is deleted. Again changes nothing; uploading the package again makes it ready.
         */
        post: operations["retireModel"];
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
    "/v1/segmentations": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Jobs, newest first */
        get: operations["listSegmentations"];
        put?: never;
        /**
         * Segment a volume of any size
         * @description A job: everything about it is checked now, the work is done block by block and survives a restart of the server. Poll `location`, follow `links.events`, or wait with `Prefer: wait`.
         */
        post: operations["createSegmentation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/segmentations/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** How a job stands */
        get: operations["getSegmentation"];
        put?: never;
        post?: never;
        /** Delete a job, its artefacts and its result */
        delete: operations["deleteSegmentation"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/segmentations/{id}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Stop a job
         * @description What is finished of it stays, and `resume` goes on from there. Canceling again changes nothing.
         */
        post: operations["cancelSegmentation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/segmentations/{id}/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Follow a job
         * @description Server-sent events, each with a SegmentationEvent as data, from the first or from behind `Last-Event-ID`. The stream ends when the job has finished.
         */
        get: operations["segmentationEvents"];
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/segmentations/{id}/relabel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Agglomerate a finished job again
         * @description A new job at another threshold, scoring or minimum size. Fragments and their graph are taken over; the model is not asked again.
         */
        post: operations["relabelSegmentation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/segmentations/{id}/resume": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Go on with a job that failed or was canceled */
        post: operations["resumeSegmentation"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/volumes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Stored volumes, newest first */
        get: operations["listVolumes"];
        put?: never;
        /**
         * Make a place for a volume
         * @description The answer has the root of a Zarr hierarchy. Any Zarr client writes metadata and chunks there with PUT and reads them with GET; when all is written, seal it.
         */
        post: operations["createVolume"];
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/volumes/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What a volume is, and how much of it is there */
        get: operations["getVolume"];
        put?: never;
        post?: never;
        /** Delete a volume and all it holds */
        delete: operations["deleteVolume"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/volumes/{id}/{key}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Read metadata or a chunk
         * @description One byte range at a time, also from the end (`bytes=-1024`), as readers of shards ask. HEAD works too.
         */
        get: operations["getKey"];
        /**
         * Write metadata or a chunk
         * @description The value appears whole or not at all. Of two writers of one key the later wins; with `If-None-Match: *` or `If-Match` the one that comes second is refused instead.
         */
        put: operations["putKey"];
        post?: never;
        /** Delete metadata or a chunk of an open volume */
        delete: operations["deleteKey"];
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/v1/volumes/{id}/seal": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Say that a volume is complete
         * @description Chunks are counted; when one is missing, the volume stays open and the answer names some that are. Sealing again changes nothing.
         */
        post: operations["sealVolume"];
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
        /** @description Of champion and challenger as they are now. */
        Agreement: {
            /** @description Jobs that both have segmented. */
            runs: number;
            /** @description Mean of the runs, bits; 0 is the same segmentation. */
            voi?: number;
            voiMerge?: number;
            voiSplit?: number;
        };
        AliasChange: {
            /** @enum {string} */
            alias: "champion" | "challenger";
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            at: string;
            /** @description Id of the API key, `anonymous`, or `server`. */
            by: string;
            from?: {
                digest: string;
                name: string;
                version: string;
            };
            /** @enum {string} */
            kind: "start" | "promote" | "challenge" | "rollback" | "clear";
            reason?: string;
            /** @description Absent when the alias was taken away. */
            to?: {
                digest: string;
                name: string;
                version: string;
            };
        };
        AliasChangeRequest: {
            /** @description Digest that must be champion now; when another one is, nothing happens and the answer is 409. */
            expected?: string;
            /** @description For people; kept in the history. */
            reason?: string;
        };
        /** @description Voxels v with start <= v < stop on every axis. */
        Box: {
            /** @description (z, y, x) voxels. */
            start: [
                number,
                number,
                number
            ];
            /** @description (z, y, x) voxels. */
            stop: [
                number,
                number,
                number
            ];
        };
        Comparison: {
            challenger: {
                digest: string;
                name: string;
                version: string;
            };
            champion: {
                digest: string;
                name: string;
                version: string;
            };
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            createdAt: string;
            /** @description Why it failed. */
            detail?: string;
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            finishedAt?: string;
            /** @description The job of the champion. */
            segmentation: string;
            /**
             * @description `abandoned`: the volume or the job was deleted before both were done.
             * @enum {string}
             */
            state: "waiting" | "done" | "failed" | "abandoned";
            /** @description Bits; the labels of the champion stand for the truth. */
            voi?: number;
            voiMerge?: number;
            voiSplit?: number;
            voxels?: number;
        };
        ComparisonList: {
            items: components["schemas"]["Comparison"][];
            next?: string;
        };
        Deployment: {
            agreement?: components["schemas"]["Agreement"];
            /** @description Of new jobs that name no model: the challenger does them. */
            canaryPercent: number;
            challenger?: {
                digest: string;
                name: string;
                version: string;
            };
            champion: {
                digest: string;
                name: string;
                version: string;
            };
            /** @description Newest first, at most 100. */
            history: components["schemas"]["AliasChange"][];
            /** @description What a roll back would make champion. */
            previous?: {
                digest: string;
                name: string;
                version: string;
            };
            /** @description Of jobs of the champion: the challenger does them too, and only the agreement is kept. */
            shadowPercent: number;
        };
        DeploymentChange: {
            canaryPercent?: number;
            /** @description `null`: no version is challenger any more. */
            challenger?: null;
            shadowPercent?: number;
        };
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
        ModelList: {
            items: components["schemas"]["ModelVersion"][];
            next?: string;
        };
        ModelVersion: {
            aliases: ("champion" | "challenger")[];
            /** @description Of its files; 0 once they are deleted. */
            bytes: number;
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            createdAt: string;
            description: string;
            digest: string;
            files: {
                bytes: number;
                name: string;
                sha256: string;
            }[];
            license: string;
            links: {
                challenge: string;
                promote: string;
                retire: string;
                self: string;
            };
            /** @description Its inference process runs. */
            loaded: boolean;
            /** @description Scores that its package carries. */
            metrics?: unknown;
            /** @description The smallest volume, (z, y, x) voxels. */
            minimumShape: [
                number,
                number,
                number
            ];
            name: string;
            /** @description What validation chose for it. */
            postprocessing?: unknown;
            preset: string;
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            retiredAt?: string;
            /**
             * @description A retired version takes no new work.
             * @enum {string}
             */
            state: "ready" | "retired";
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
        NewSegmentation: {
            box?: components["schemas"]["Box"] & unknown;
            input: components["schemas"]["SegmentationInput"];
            /** @description Digest, alias or name of a model; default: the champion, or the challenger for the share of the canary. The job is pinned to the digest. */
            model?: string;
            /** @description For people. */
            name?: string;
            /** @description What to change of the post-processing that the model was validated with. */
            postprocessing?: {
                /** @description Voxels (z, y, x) of the pieces in which fragments are made; smaller ones need less memory. */
                cell?: [
                    number,
                    number,
                    number
                ];
                /** @description Labels with fewer voxels join the neighbour of highest affinity. */
                minimumSize?: number;
                /** @description `mean`, `max` or a percentile `hist1` to `hist99`. */
                scoring?: string;
                /** @description Agglomeration stops at this score. */
                threshold?: number;
            };
            /** @description Needed unless the voxels are uint8: the values of black and white. */
            rawRange?: [
                number,
                number
            ];
            /** @description nm, (z, y, x); instead of what the volume says. */
            voxelSize?: [
                number,
                number,
                number
            ];
            /**
             * @description What follows when the voxel size is far from the model’s: a warning in the result, or 422.
             * @default warn
             * @enum {string}
             */
            voxelSizeCheck: "warn" | "refuse";
        };
        NewVolume: {
            /** @description For people; need not be unique. */
            name?: string;
        };
        /** @description RFC 9457 problem details. */
        Problem: {
            /** @enum {string} */
            code: "malformed-request" | "invalid-parameter" | "invalid-header" | "invalid-body" | "invalid-key" | "body-interrupted" | "body-missing" | "npy-invalid" | "npy-truncated" | "npy-trailing" | "unauthorized" | "forbidden" | "not-found" | "volume-not-found" | "key-not-found" | "segmentation-not-found" | "model-not-found" | "model-file-not-found" | "method-not-allowed" | "request-timeout" | "body-stalled" | "volume-unsealed" | "volume-sealed" | "volume-incomplete" | "volume-in-use" | "segmentation-active" | "segmentation-finished" | "segmentation-not-succeeded" | "request-in-progress" | "version-taken" | "model-in-use" | "model-retired" | "alias-moved" | "no-previous-champion" | "precondition-failed" | "body-too-large" | "volume-too-large" | "unsupported-content-type" | "unsupported-content-encoding" | "range-not-satisfiable" | "idempotency-key-reused" | "metadata-invalid" | "unknown-model" | "package-invalid" | "model-failed-test" | "box-outside" | "voxel-size-far" | "path-not-allowed" | "url-not-allowed" | "volume-unreadable" | "invalid-postprocessing" | "wrong-axes" | "unsupported-dtype" | "empty-volume" | "volume-too-small" | "voxel-not-finite" | "voxel-out-of-range" | "headers-too-large" | "busy" | "queue-full" | "client-closed-request" | "internal" | "segmentation-failed" | "inference-failed" | "upstream-failed" | "unavailable" | "insufficient-storage";
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
        Progress: {
            done: number;
            /** @description Of the whole job, by finished tasks. */
            fraction: number;
            /** @enum {string} */
            stage: "tiles" | "affinities" | "fragments" | "graph" | "agglomeration" | "labels";
            total: number;
            unit: string;
        };
        Ready: {
            /** @enum {string} */
            status: "ready";
        };
        Relabel: {
            /** @description Labels with fewer voxels join the neighbour of highest affinity. */
            minimumSize?: number;
            /** @description `mean`, `max` or a percentile `hist1` to `hist99`. */
            scoring?: string;
            /** @description Agglomeration stops at this score. */
            threshold?: number;
        };
        Seal: {
            /** @description Chunk keys written, over all arrays. Default: every key of every array. Zarr writers may leave out chunks that hold only the fill value; then say how many were written, so that one lost on the way is noticed. */
            chunks?: number;
        };
        Segmentation: {
            box: components["schemas"]["Box"];
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            createdAt: string;
            /** @description Why it failed. */
            error?: {
                /** @enum {string} */
                code: "malformed-request" | "invalid-parameter" | "invalid-header" | "invalid-body" | "invalid-key" | "body-interrupted" | "body-missing" | "npy-invalid" | "npy-truncated" | "npy-trailing" | "unauthorized" | "forbidden" | "not-found" | "volume-not-found" | "key-not-found" | "segmentation-not-found" | "model-not-found" | "model-file-not-found" | "method-not-allowed" | "request-timeout" | "body-stalled" | "volume-unsealed" | "volume-sealed" | "volume-incomplete" | "volume-in-use" | "segmentation-active" | "segmentation-finished" | "segmentation-not-succeeded" | "request-in-progress" | "version-taken" | "model-in-use" | "model-retired" | "alias-moved" | "no-previous-champion" | "precondition-failed" | "body-too-large" | "volume-too-large" | "unsupported-content-type" | "unsupported-content-encoding" | "range-not-satisfiable" | "idempotency-key-reused" | "metadata-invalid" | "unknown-model" | "package-invalid" | "model-failed-test" | "box-outside" | "voxel-size-far" | "path-not-allowed" | "url-not-allowed" | "volume-unreadable" | "invalid-postprocessing" | "wrong-axes" | "unsupported-dtype" | "empty-volume" | "volume-too-small" | "voxel-not-finite" | "voxel-out-of-range" | "headers-too-large" | "busy" | "queue-full" | "client-closed-request" | "internal" | "segmentation-failed" | "inference-failed" | "upstream-failed" | "unavailable" | "insufficient-storage";
                /** @description One sentence: what is wrong, the limit, and what to do. */
                detail: string;
                title: string;
                /** @example urn:tokenunify:problem:unsupported-dtype */
                type: string;
            };
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            finishedAt?: string;
            /** @example seg_01jd5yxq8f0000000000 */
            id: string;
            input: components["schemas"]["SegmentationInput"];
            links: {
                cancel: string;
                events: string;
                relabel: string;
                result?: string;
                resume: string;
                self: string;
            };
            model: {
                /**
                 * @description What it was chosen by; absent when the digest or name was given.
                 * @enum {string}
                 */
                alias?: "champion" | "challenger";
                digest: string;
                name: string;
                version: string;
            };
            name?: string;
            /** @description The job that this one agglomerates again. */
            parent?: string;
            progress?: components["schemas"]["Progress"];
            result?: components["schemas"]["SegmentationResult"];
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            startedAt?: string;
            /** @enum {string} */
            state: "queued" | "running" | "succeeded" | "failed" | "canceled";
            warnings: components["schemas"]["Warning"][];
        };
        SegmentationEvent: {
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            at: string;
            progress?: components["schemas"]["Progress"];
            /** @enum {string} */
            state?: "queued" | "running" | "succeeded" | "failed" | "canceled";
            /**
             * @description Also the `event` of the stream.
             * @enum {string}
             */
            type: "state" | "progress" | "warning";
            warning?: components["schemas"]["Warning"];
        };
        SegmentationInput: {
            /** @description The array inside it, if there are several. */
            dataset?: string;
            /** @description Id of a sealed stored volume. */
            volume: string;
        } | {
            /** @description A file or directory on the server, inside what its operator opened; `x.h5:/volumes/raw` names a dataset. */
            path: string;
        } | {
            dataset?: string;
            /**
             * Format: uri
             * @description A Zarr hierarchy or an npy file on the web.
             */
            url: string;
        };
        SegmentationList: {
            items: components["schemas"]["Segmentation"][];
            next?: string;
        };
        SegmentationResult: {
            fragmentCount: number;
            labelCount: number;
            /** @description All of it, as it was applied. */
            postprocessing?: unknown;
            /** @description Of work, interruptions left out. */
            seconds: number;
            shape: [
                number,
                number,
                number
            ];
            /** @description Root of its Zarr array, relative to the server. */
            url: string;
            /** @description Id of the stored volume with the labels, uint32, 0 is background. */
            volume: string;
            voxelSize?: [
                number,
                number,
                number
            ];
        };
        Volume: {
            /** @description What the stored metadata describes. */
            arrays: components["schemas"]["VolumeArray"][];
            /** @description Stored. */
            bytes: number;
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            createdAt: string;
            id: string;
            name?: string;
            /**
             * Format: date-time
             * @example 2026-11-24T12:00:00.000Z
             */
            sealedAt?: string;
            /** @description The job whose result it is; then it is deleted with the job. */
            segmentation?: string;
            /**
             * @description `open`: keys may be written. `sealed`: complete and unchangeable; only then jobs take it.
             * @enum {string}
             */
            state: "open" | "sealed";
            /** @description Root of the Zarr hierarchy, relative to the server. */
            url: string;
        };
        VolumeArray: {
            /** @description Keys that are stored. */
            chunks: number;
            /** @description Of what one key holds; of a shard when sharded. */
            chunkShape: number[];
            /** @description Keys that a full array has. */
            chunksOfGrid: number;
            dtype: string;
            /** @description Inside the hierarchy; empty for an array at its root. */
            path: string;
            shape: number[];
        };
        VolumeList: {
            items: components["schemas"]["Volume"][];
            next?: string;
        };
        Warning: {
            code: string;
            detail: string;
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
    getDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The deployment. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    changeDeployment: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["DeploymentChange"];
            };
        };
        responses: {
            /** @description Changed. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            /** @description The request is not what it should be (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
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
            /** @description Not JSON (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The version does not start; nothing has changed (internal, segmentation-failed, inference-failed) */
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
            /** @description No room to note it; nothing has changed (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listComparisons: {
        parameters: {
            query?: {
                /** @description Only runs of this digest. */
                challenger?: string;
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Entries of one page, 1 to 1000, default 100. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ComparisonList"];
                };
            };
            /** @description A parameter is wrong (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    rollBack: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AliasChangeRequest"];
            };
        };
        responses: {
            /** @description Rolled back. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            /** @description The request is not what it should be (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There was no champion before, or the champion is not the expected one; nothing has changed (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
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
            /** @description Not JSON (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The version does not start; nothing has changed (internal, segmentation-failed, inference-failed) */
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
            /** @description No room to note it; nothing has changed (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    listModels: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Entries of one page, 1 to 1000, default 100. */
                limit?: number;
                /** @description Only versions in this state. */
                state?: "ready" | "retired";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelList"];
                };
            };
            /** @description A parameter is wrong (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    uploadModel: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/zip": string;
            };
        };
        responses: {
            /** @description There already. */
            200: {
                headers: {
                    location: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersion"];
                };
            };
            /** @description Taken in. */
            201: {
                headers: {
                    location: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersion"];
                };
            };
            /** @description No body, or one that broke off (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
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
            /** @description The name and version belong to other bytes (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
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
            /** @description Not a zip, or compressed by HTTP (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Not a package that works (idempotency-key-reused, metadata-invalid, unknown-model, package-invalid, model-failed-test, box-outside, voxel-size-far, path-not-allowed, url-not-allowed, volume-unreadable, invalid-postprocessing, wrong-axes, unsupported-dtype, empty-volume, volume-too-small, voxel-not-finite, voxel-out-of-range) */
            422: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many uploads at once; come back after Retry-After seconds (busy, queue-full) */
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
            /** @description No room; nothing of it was kept (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A digest, `sha256:` and 64 hexadecimal digits; `champion` or `challenger`; or a name that only one version that is ready has. Percent-encoded or not. */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The version. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersion"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such version (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A digest, `sha256:` and 64 hexadecimal digits; `champion` or `challenger`; or a name that only one version that is ready has. Percent-encoded or not. */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such version (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It is not retired (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room to note it; nothing has changed (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    challengeModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A digest, `sha256:` and 64 hexadecimal digits; `champion` or `challenger`; or a name that only one version that is ready has. Percent-encoded or not. */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AliasChangeRequest"];
            };
        };
        responses: {
            /** @description It is challenger. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            /** @description The request is not what it should be (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such version (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The version is retired or champion, or the champion is not the expected one (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
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
            /** @description Not JSON (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The version does not start; nothing has changed (internal, segmentation-failed, inference-failed) */
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
            /** @description No room to note it; nothing has changed (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getModelFile: {
        parameters: {
            query?: never;
            header?: {
                "if-none-match"?: string;
                "if-range"?: string;
                range?: string;
            };
            path: {
                file: string;
                /** @description A digest, `sha256:` and 64 hexadecimal digits; `champion` or `challenger`; or a name that only one version that is ready has. Percent-encoded or not. */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of it. */
            200: {
                headers: {
                    /** @description sha256 of the file, in quotes. */
                    etag: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description The range. */
            206: {
                headers: {
                    "content-range": string;
                    /** @description sha256 of the file, in quotes. */
                    etag: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not changed. */
            304: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such version, or no such file in it (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The range lies outside (range-not-satisfiable) */
            416: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    promoteModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A digest, `sha256:` and 64 hexadecimal digits; `champion` or `challenger`; or a name that only one version that is ready has. Percent-encoded or not. */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: {
            content: {
                "application/json": components["schemas"]["AliasChangeRequest"];
            };
        };
        responses: {
            /** @description It is champion. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Deployment"];
                };
            };
            /** @description The request is not what it should be (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such version (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The version is retired, or the champion is not the expected one; nothing has changed (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
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
            /** @description Not JSON (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The version does not start; nothing has changed (internal, segmentation-failed, inference-failed) */
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
            /** @description No room to note it; nothing has changed (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    retireModel: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                /** @description A digest, `sha256:` and 64 hexadecimal digits; `champion` or `challenger`; or a name that only one version that is ready has. Percent-encoded or not. */
                model: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Retired. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["ModelVersion"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such version (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It has an alias, or a job that has not finished needs it (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room to note it; nothing has changed (insufficient-storage) */
            507: {
                headers: {
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
                /** @description Digest, alias or name of a model; default: the champion. */
                model?: string;
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
            /** @description The request is not what it should be (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
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
            /** @description The version of the model is retired (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
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
            /** @description An npy file, but not a volume that can be segmented (idempotency-key-reused, metadata-invalid, unknown-model, package-invalid, model-failed-test, box-outside, voxel-size-far, path-not-allowed, url-not-allowed, volume-unreadable, invalid-postprocessing, wrong-axes, unsupported-dtype, empty-volume, volume-too-small, voxel-not-finite, voxel-out-of-range) */
            422: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description All places are taken; come back after Retry-After seconds (busy, queue-full) */
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
    listSegmentations: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Entries of one page, 1 to 1000, default 100. */
                limit?: number;
                /** @description Only jobs in this state. */
                state?: "queued" | "running" | "succeeded" | "failed" | "canceled";
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["SegmentationList"];
                };
            };
            /** @description A parameter is wrong (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createSegmentation: {
        parameters: {
            query?: never;
            header?: {
                /** @description With the same key and body the same job is answered, however often the request is sent. */
                "idempotency-key"?: string;
                /** @description `wait` or `wait=SECONDS` (at most 60): answer when the job has finished, or the time is over. */
                prefer?: string;
            };
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewSegmentation"];
            };
        };
        responses: {
            /** @description The job, which has finished already. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Segmentation"];
                };
            };
            /** @description Accepted. */
            202: {
                headers: {
                    location: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Segmentation"];
                };
            };
            /** @description The request is not what it should be (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such volume (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The volume is not sealed, or the version of the model is retired (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
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
            /** @description Not JSON (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not possible (idempotency-key-reused, metadata-invalid, unknown-model, package-invalid, model-failed-test, box-outside, voxel-size-far, path-not-allowed, url-not-allowed, volume-unreadable, invalid-postprocessing, wrong-axes, unsupported-dtype, empty-volume, volume-too-small, voxel-not-finite, voxel-out-of-range) */
            422: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many jobs are waiting; come back after Retry-After seconds (busy, queue-full) */
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
            /** @description No room (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getSegmentation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The job. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Segmentation"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such segmentation (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteSegmentation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such segmentation (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It has not finished, or another job that has not reads its result (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    cancelSegmentation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Canceled. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Segmentation"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such segmentation (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It has finished already (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    segmentationEvents: {
        parameters: {
            query?: never;
            header?: {
                "last-event-id"?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The events. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "text/event-stream": string;
                };
            };
            /** @description The job has finished, and there is nothing behind Last-Event-ID. */
            204: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Last-Event-ID is no number (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such segmentation (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many jobs are waiting; come back after Retry-After seconds (busy, queue-full) */
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
        };
    };
    relabelSegmentation: {
        parameters: {
            query?: never;
            header?: {
                /** @description With the same key and body the same job is answered, however often the request is sent. */
                "idempotency-key"?: string;
                /** @description `wait` or `wait=SECONDS` (at most 60): answer when the job has finished, or the time is over. */
                prefer?: string;
            };
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Relabel"];
            };
        };
        responses: {
            /** @description The job, which has finished already. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Segmentation"];
                };
            };
            /** @description Accepted. */
            202: {
                headers: {
                    location: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Segmentation"];
                };
            };
            /** @description The request is not what it should be (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such segmentation (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The job has no result (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
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
            /** @description Not JSON (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Understood, but not possible (idempotency-key-reused, metadata-invalid, unknown-model, package-invalid, model-failed-test, box-outside, voxel-size-far, path-not-allowed, url-not-allowed, volume-unreadable, invalid-postprocessing, wrong-axes, unsupported-dtype, empty-volume, volume-too-small, voxel-not-finite, voxel-out-of-range) */
            422: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many jobs are waiting; come back after Retry-After seconds (busy, queue-full) */
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
            /** @description No room (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    resumeSegmentation: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Queued again. */
            202: {
                headers: {
                    location: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Segmentation"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such segmentation (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description It has succeeded, or has not stopped (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many jobs are waiting; come back after Retry-After seconds (busy, queue-full) */
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
    listVolumes: {
        parameters: {
            query?: {
                /** @description `next` of the page before. */
                cursor?: string;
                /** @description Entries of one page, 1 to 1000, default 100. */
                limit?: number;
            };
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description One page. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["VolumeList"];
                };
            };
            /** @description A parameter is wrong (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    createVolume: {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["NewVolume"];
            };
        };
        responses: {
            /** @description Made, and open for writing. */
            201: {
                headers: {
                    location: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Volume"];
                };
            };
            /** @description The request is not what it should be (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
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
            /** @description Not JSON (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getVolume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description The volume. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Volume"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such volume (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteVolume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Deleted. */
            204: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such volume (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description A job that has not finished reads it, or its job owns it (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room to note it; it is deleted when the server starts again (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    getKey: {
        parameters: {
            query?: never;
            header?: {
                "if-none-match"?: string;
                "if-range"?: string;
                range?: string;
            };
            path: {
                id: string;
                /** @description A key of the hierarchy, slashes and all. */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description All of it. */
            200: {
                headers: {
                    etag: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description The range. */
            206: {
                headers: {
                    "content-range": string;
                    etag: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/octet-stream": string;
                };
            };
            /** @description Not changed. */
            304: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not a key (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No such volume, or nothing at the key: a chunk that holds only the fill value (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The range lies outside (range-not-satisfiable) */
            416: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    putKey: {
        parameters: {
            query?: never;
            header?: {
                "if-match"?: string;
                "if-none-match"?: string;
            };
            path: {
                id: string;
                /** @description A key of the hierarchy, slashes and all. */
                key: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/octet-stream": string;
            };
        };
        responses: {
            /** @description Written. */
            201: {
                headers: {
                    etag: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Written over an older value. */
            204: {
                headers: {
                    etag: string;
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not a key, or an incomplete body (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such volume (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
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
            /** @description The volume is sealed (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Someone else wrote it first (precondition-failed) */
            412: {
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
            /** @description Compressed by HTTP (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The metadata is no Zarr metadata (idempotency-key-reused, metadata-invalid, unknown-model, package-invalid, model-failed-test, box-outside, voxel-size-far, path-not-allowed, url-not-allowed, volume-unreadable, invalid-postprocessing, wrong-axes, unsupported-dtype, empty-volume, volume-too-small, voxel-not-finite, voxel-out-of-range) */
            422: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Too many uploads at once; come back after Retry-After seconds (busy, queue-full) */
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
            /** @description No room; nothing of it was kept (insufficient-storage) */
            507: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    deleteKey: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
                /** @description A key of the hierarchy, slashes and all. */
                key: string;
            };
            cookie?: never;
        };
        requestBody?: never;
        responses: {
            /** @description Not there any more. */
            204: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content?: never;
            };
            /** @description Not a key (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such volume (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The volume is sealed (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
        };
    };
    sealVolume: {
        parameters: {
            query?: never;
            header?: never;
            path: {
                id: string;
            };
            cookie?: never;
        };
        requestBody: {
            content: {
                "application/json": components["schemas"]["Seal"];
            };
        };
        responses: {
            /** @description Sealed: it can be segmented, and never changes. */
            200: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/json": components["schemas"]["Volume"];
                };
            };
            /** @description The request is not what it should be (malformed-request, invalid-parameter, invalid-header, invalid-body, invalid-key, body-interrupted, body-missing, npy-invalid, npy-truncated, npy-trailing) */
            400: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The server has keys, and none that is valid was sent as `Authorization: Bearer KEY` (unauthorized) */
            401: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The key is valid, but not for this (forbidden) */
            403: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description There is no such volume (not-found, volume-not-found, key-not-found, segmentation-not-found, model-not-found, model-file-not-found) */
            404: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description Chunks are missing (volume-unsealed, volume-sealed, volume-incomplete, volume-in-use, segmentation-active, segmentation-finished, segmentation-not-succeeded, request-in-progress, version-taken, model-in-use, model-retired, alias-moved, no-previous-champion) */
            409: {
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
            /** @description Not JSON (unsupported-content-type, unsupported-content-encoding) */
            415: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description The metadata is no Zarr metadata (idempotency-key-reused, metadata-invalid, unknown-model, package-invalid, model-failed-test, box-outside, voxel-size-far, path-not-allowed, url-not-allowed, volume-unreadable, invalid-postprocessing, wrong-axes, unsupported-dtype, empty-volume, volume-too-small, voxel-not-finite, voxel-out-of-range) */
            422: {
                headers: {
                    "x-request-id": string;
                    [name: string]: unknown;
                };
                content: {
                    "application/problem+json": components["schemas"]["Problem"];
                };
            };
            /** @description No room to note it (insufficient-storage) */
            507: {
                headers: {
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
