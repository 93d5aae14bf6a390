// The door: the token that "answerprint review" printed, once, opens it.

import { useState } from "react";
import { api } from "../api/client";
import type { Me } from "../api/types";
import { Mark } from "../design/icons";
import { Notice } from "../design/parts";

export function SignIn({ onSignedIn, problem }: { onSignedIn: (me: Me) => void; problem: string }) {
  const [token, setToken] = useState("");
  const [said, setSaid] = useState(problem);
  const [busy, setBusy] = useState(false);
  return (
    <main className="sign-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          setBusy(true);
          api
            .login(token.trim())
            .then(onSignedIn, (error: Error) => setSaid(error.message))
            .finally(() => setBusy(false));
        }}
      >
        <h1>
          <Mark size={38} />
          Answerprint
        </h1>
        <label className="field">
          <span className="label">Access token</span>
          <input
            className="input"
            type="password"
            autoFocus
            autoComplete="current-password"
            spellCheck={false}
            required
            value={token}
            onChange={(event) => setToken(event.target.value)}
          />
          <span className="help">
            <code>answerprint review</code> printed it when it first started.
          </span>
        </label>
        {said && <Notice tone="bad">{said}</Notice>}
        <button type="submit" className="button primary" disabled={busy}>
          Sign in
        </button>
      </form>
    </main>
  );
}
