import "@fontsource-variable/inter/wght.css";
import "./design/tokens.css";
import "./design/parts.css";
import "./app/app.css";
import "./shots/shots.css";
import "./queue/queue.css";
import "./player/player.css";
import { createRoot } from "react-dom/client";
import { App } from "./app/App";

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
