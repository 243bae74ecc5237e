"""Writes train.conll and test.conll: sentences of patterns, whose names, places and firms differ between the two."""
import random
from pathlib import Path

here = Path(__file__).parent
first_a="Ada Marie Alan Grace Carl Emmy Niels Rosa Ivan Leah Omar Nora Hugo Clara Felix Ines".split()
last_a="Lovelace Curie Turing Hopper Gauss Noether Bohr Parks Petrov Stein Haddad Berg Keller Weiss Costa Lund".split()
loc_a="London,Paris,Rome,Berlin,Oslo,Lisbon,New York,Cairo,Vienna,Kyoto,Lima,Dublin,San Marino,Prague,Quito,Athens".split(",")
org_a="Acme Works,Northern Bank,Blue River Press,Halden Motors,Orion Labs,Union Mills,Carter and Sons,Polar Shipping,Green Valley Foods,Delta Rail,Summit Insurance,Kestrel Air".split(",")
first_b="Lise Kurt Sofia Paul Maya Jonas Elena Tariq Wanda Bruno Freya Samir".split()
last_b="Meitner Goedel Kowalski Dirac Okafor Lindgren Rossi Aziz Novak Moreau Hansen Silva".split()
loc_b="Madrid,Warsaw,Nairobi,Geneva,Porto,Helsinki,Buenos Aires,Naples,Bergen,Seoul,Toronto,Cape Town".split(",")
org_b="Harbour Bank,Silver Oak Press,Atlas Motors,Lumen Labs,Western Mills,Baker and Daughters,Coral Shipping,Prairie Foods,Metro Rail,Beacon Insurance,Falcon Air,Stone Works".split(",")
T_a=["P lived in L .","P and P met in L last spring .","O opened an office in L .","P works for O .","In L , nobody had heard of O .","P left O and moved to L .","The train from L to L was late again .","O said on Monday that P will lead the company .","A letter from P arrived in L .","It rained all day , and the shop stayed closed .","According to P , O will close its plant in L .","P , who was born in L , joined O in 1998 .","We asked O for a refund .","Shares of O fell by two per cent .","The museum in L shows drawings by P .","He read the report twice before lunch .","P 's sister studies in L .","O bought O for an unknown sum ."]
T_b=["P returned to L in the autumn .","Two years later P founded O .","O has its seat in L .","The mayor of L thanked P .","Nobody at O wanted to comment .","From L she wrote to P every week .","P sold the house in L and went to L .","O hired P as an engineer .","The meeting was short and nobody took notes .","Workers at O in L went on strike .","P spoke first , then P .","Flights to L were cancelled , said O ."]
def make(T,F,L,LOC,ORG,n,seed):
    r=random.Random(seed); out=[]; seen=set()
    while len(out)<n:
        s=[]
        for w in r.choice(T).split():
            if w=="P": e=[r.choice(F)]+([r.choice(L)] if r.random()<.7 else []); k="PER"
            elif w=="L": e=r.choice(LOC).split(); k="LOC"
            elif w=="O": e=r.choice(ORG).split(); k="ORG"
            else: s.append((w,"O")); continue
            s+= [(x,("B-" if i==0 else "I-")+k) for i,x in enumerate(e)]
        key=" ".join(w for w,_ in s)
        if key in seen: continue
        seen.add(key); out.append(s)
    return "\n".join("".join(f"{w}\t{t}\n" for w,t in s) for s in out)
(here / "train.conll").write_text(make(T_a,first_a,last_a,loc_a,org_a,160,1))
(here / "test.conll").write_text(make(T_b,first_b,last_b,loc_b,org_b,60,2))
